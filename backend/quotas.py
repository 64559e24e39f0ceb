"""How many cores the region grants, where it can be known before a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.preflight import Quota

if TYPE_CHECKING:
    from backend.settings import Settings


def region_quota(settings: Settings) -> Quota:
    """The local workspace's fault switch; unknown in Azure, whose SDK has no call for it.

    `azureml.core` tells no usage of container instances; the portal's page Usage + quotas does, and the
    deployment's own error when it is exceeded. Raises InvalidInput for switches that can't be read.
    """
    if settings.workspace != "local":
        return Quota(None, is_known=False)
    from backend.local.faults import read_faults
    from backend.local.state import folder_of

    return Quota(read_faults(folder_of(settings.state_dir).faults).quota_cores)
