"""Makes `Workspace.from_config()` find the local workspace from any folder.

The SDK looks for config.json only in the working folder and its parents, and reads no variable that says
otherwise. The shell exports of `python -m backend.local env` put this folder on PYTHONPATH and name the
workspace's config.json in YOSOKU_WORKSPACE_CONFIG; Python imports this module by itself at start. When
azureml.core.workspace is imported, `from_config()` without a path then means that file. Nothing else of the
SDK changes, and nothing at all without the variable. Kept to what Python 3.8 runs: scripts bring their own.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

WORKSPACE = "azureml.core.workspace"


def use_config(workspace_class: Any, config: str) -> None:
    """Let `from_config()` without a path read `config`."""
    original = workspace_class.from_config

    def from_config(path: str | None = None, *args: Any, **kwargs: Any) -> Any:
        return original(config if path is None else path, *args, **kwargs)

    from_config.__doc__ = original.__doc__
    workspace_class.from_config = staticmethod(from_config)


class WorkspaceFinder:
    """Finds azureml.core.workspace as Python would, and sets its default config once it is loaded."""

    def __init__(self, config: str) -> None:
        self.config = config

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != WORKSPACE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        loader: Any = spec.loader if spec is not None else None
        if loader is None:
            return None
        load = loader.exec_module

        def exec_module(module: Any) -> None:
            load(module)
            use_config(module.Workspace, self.config)

        loader.exec_module = exec_module
        return spec


def run_shadowed() -> None:
    """Run the sitecustomize that this one stands in front of, if there is one."""
    here = Path(__file__).resolve().parent
    others = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if os.environ.get("YOSOKU_WORKSPACE_CONFIG"):
    sys.meta_path.insert(0, WorkspaceFinder(os.environ["YOSOKU_WORKSPACE_CONFIG"]))
run_shadowed()
