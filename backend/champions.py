"""Which version of a model is its champion: the one that the team trusts, and that a challenger must beat.

It is told by the tag `stage` of the registered versions: the newest one that carries "champion" is it, and
where none does, the newest of all. A change tags the new champion first and the one before it then, so that
a crash in between leaves exactly one by this rule: the new one where it is the newer, else the old one still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend import models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azureml.core import Workspace

    from backend.models import RegisteredModel

STAGE = "stage"
CHAMPION = "champion"
FORMER = "former"


def champion_of(found: Iterable[RegisteredModel], name: str) -> RegisteredModel | None:
    """The champion among the versions of one name; None when there is no version."""
    versions = sorted((model for model in found if model.name == name), key=lambda model: -model.version)
    tagged = (model for model in versions if is_tagged(model))
    return next(tagged, next(iter(versions), None))


def champions(found: Iterable[RegisteredModel]) -> dict[str, RegisteredModel]:
    """The champion of every name."""
    known = list(found)
    chosen = {name: champion_of(known, name) for name in sorted({model.name for model in known})}
    return {name: model for name, model in chosen.items() if model}


def is_tagged(model: RegisteredModel) -> bool:
    """Whether a version carries the champion's tag."""
    return model.tags.get(STAGE) == CHAMPION


def crown(workspace: Workspace, chosen: RegisteredModel) -> None:
    """Make a registered version the champion of its name.

    Raises NotFound when the registry has it no more.
    """
    versions = models.list_models(workspace, chosen.name)
    before = champion_of((model for model in versions if model.id != chosen.id), chosen.name)
    if not any(model.id == chosen.id and is_tagged(model) for model in versions):
        models.change_tags(workspace, chosen, {STAGE: CHAMPION})
    for model in versions:
        if model.id != chosen.id and (is_tagged(model) or (before and model.id == before.id)):
            models.change_tags(workspace, model, {STAGE: FORMER})


def pin(workspace: Workspace, name: str) -> RegisteredModel | None:
    """Write down who the champion of a name is, so that a version registered next does not become it."""
    champion = champion_of(models.list_models(workspace, name), name)
    if champion and not is_tagged(champion):
        models.change_tags(workspace, champion, {STAGE: CHAMPION})
    return champion
