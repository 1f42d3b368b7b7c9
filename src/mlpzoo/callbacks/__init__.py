"""Callbacks for a Trainer, ours or anyone's; each sees only the trainer and the module."""

from mlpzoo.callbacks.figures import FigureWriter
from mlpzoo.callbacks.judges import LastStepValidation, Measure, NotFinite, StopWhereNotFinite
from mlpzoo.callbacks.progress import LineProgress, StepProgressBar

__all__ = [
    "FigureWriter", "LastStepValidation", "LineProgress", "Measure", "NotFinite",
    "StepProgressBar", "StopWhereNotFinite",
]  # fmt: skip
