"""One run: its settings, its folder, its Trainer, its result."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlpzoo.training.result import Result as Result
    from mlpzoo.training.run import train as train
    from mlpzoo.training.trainer import build_trainer as build_trainer

_HOMES = {"Result": "result", "build_trainer": "trainer", "train": "run"}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:  # lightning is loaded where it is needed
    if name not in _HOMES:
        raise AttributeError(f"module 'mlpzoo.training' has no attribute {name!r}")
    return getattr(import_module(f"mlpzoo.training.{_HOMES[name]}"), name)
