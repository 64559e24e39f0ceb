"""Every error the backend raises, in one tree.

YosokuError
 ├── InvalidInput                 the caller's input is outside its bound; names the field
 │    ├── InvalidRunOutputs       a training output folder or archive that can't be registered
 │    ├── InvalidReport           a training run's report.json that can't be read
 │    ├── InvalidActuals          a CSV that can't be read as a series
 │    └── InvalidEnvironment      a conda specification that can't be read
 ├── NotFound                     no such model, environment, endpoint or operation
 ├── Conflict                     the name is taken, or the thing is in use
 ├── HistoryUnavailable           the store can't be opened, or is of a newer version
 ├── WorkspaceUnavailable         the workspace can't be reached or refuses us
 │    └── LocalWorkspaceError     the embedded workspace can't start or answer
 ├── GatewayUnavailable           the gateway of the stable addresses can't start or answer
 ├── TrainingFailed               a training run gave no model; carries its last words
 ├── MailFailed                   a mail that its server did not take, or could not be given
 ├── DeploymentFailed             the workspace gave the deployment up; carries the evidence
 └── EndpointError                the scoring URI
      ├── EndpointUnavailable     no answer: refused, timed out, name unknown, TLS
      ├── EndpointUnauthorized    401 or 403, after the keys were fetched anew
      └── EndpointRejected        any other answer that isn't a success, or isn't JSON
"""

from __future__ import annotations


class YosokuError(Exception):
    """Base of every error of this package; has a code that the catalogues translate, and the evidence.

    `code` is stable and language-neutral (`deployment.failed`); `details` fill the translated sentence;
    `evidence` is what was seen (a log line, the wire's answer), already free of secrets.
    """

    def __init__(self, message: str, *, code: str = "error", evidence: str = "", **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.evidence = evidence
        self.details = details


class InvalidInput(YosokuError):
    """The caller's input is outside its bound; `field` names it."""

    def __init__(
        self, message: str, *, field: str, code: str = "invalid", evidence: str = "", **details: object
    ) -> None:
        super().__init__(message, code=code, evidence=evidence, field=field, **details)
        self.field = field


class InvalidRunOutputs(InvalidInput):
    """A training output folder or archive that can't be registered."""


class InvalidReport(InvalidInput):
    """A training run's report.json that can't be read."""


class InvalidActuals(InvalidInput):
    """A CSV that can't be read as a series."""


class InvalidEnvironment(InvalidInput):
    """A conda specification that can't be read."""


class NotFound(YosokuError):
    """No such model, environment, endpoint or operation."""


class Conflict(YosokuError):
    """The name is taken, or the thing is in use."""


class HistoryUnavailable(YosokuError):
    """The store can't be opened, or a newer version wrote it."""


class WorkspaceUnavailable(YosokuError):
    """The workspace can't be reached or refuses us."""


class LocalWorkspaceError(WorkspaceUnavailable):
    """The embedded workspace can't start or answer."""


class GatewayUnavailable(YosokuError):
    """The gateway of the stable addresses can't start or answer."""


class TrainingFailed(YosokuError):
    """A training run gave no model; carries its last words."""


class MailFailed(YosokuError):
    """A mail that its server did not take, or could not be given."""


class DeploymentFailed(YosokuError):
    """The workspace gave the deployment up; carries the evidence."""


class EndpointError(YosokuError):
    """The scoring URI did not give a usable answer."""


class EndpointUnavailable(EndpointError):
    """No answer: refused, timed out, name unknown, TLS."""


class EndpointUnauthorized(EndpointError):
    """401 or 403, after the keys were fetched anew."""


class EndpointRejected(EndpointError):
    """Any other answer that isn't a success, or isn't JSON."""
