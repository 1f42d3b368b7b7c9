"""Callbacks for a Trainer, ours or anyone's; each sees only the trainer and the module."""

from mlpzoo.callbacks.figures import FigureWriter
from mlpzoo.callbacks.finite import NotFinite, StopWhereNotFinite
from mlpzoo.callbacks.progress import LineProgress, StepProgressBar
from mlpzoo.callbacks.validation import LastStepValidation, Measure

__all__ = [
    "FigureWriter", "LastStepValidation", "LineProgress", "Measure", "NotFinite",
    "StepProgressBar", "StopWhereNotFinite",
]  # fmt: skip
