"""Callbacks for a Trainer, ours or anyone's; each sees only the trainer and the module."""

from mlpzoo.callbacks.figures import FigureWriter
from mlpzoo.callbacks.finite import NotFinite, StopWhereNotFinite
from mlpzoo.callbacks.last_validation import LastStepValidation
from mlpzoo.callbacks.measure import Measure
from mlpzoo.callbacks.progress import LineProgress
from mlpzoo.callbacks.progress_bar import StepProgressBar

__all__ = [
    "FigureWriter",
    "LastStepValidation",
    "LineProgress",
    "Measure",
    "NotFinite",
    "StepProgressBar",
    "StopWhereNotFinite",
]
