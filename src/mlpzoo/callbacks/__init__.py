"""Callbacks for a Trainer, ours or anyone's; each sees only the trainer and the module."""

from mlpzoo.callbacks.bar import StepProgressBar
from mlpzoo.callbacks.changes import ApplyChanges
from mlpzoo.callbacks.figures import FigureWriter
from mlpzoo.callbacks.film import SnapshotTaker
from mlpzoo.callbacks.finite import NotFinite, StopWhereNotFinite
from mlpzoo.callbacks.keeper import StateKeeper
from mlpzoo.callbacks.last_validation import LastStepValidation
from mlpzoo.callbacks.measure import Measure
from mlpzoo.callbacks.progress import LineProgress

__all__ = [
    "ApplyChanges",
    "FigureWriter",
    "LastStepValidation",
    "LineProgress",
    "Measure",
    "NotFinite",
    "SnapshotTaker",
    "StateKeeper",
    "StepProgressBar",
    "StopWhereNotFinite",
]
