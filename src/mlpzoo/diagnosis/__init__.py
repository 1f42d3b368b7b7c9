"""Why a module has not learned its exercise, with the quantities that show it."""

from mlpzoo.diagnosis.diagnose import diagnose
from mlpzoo.diagnosis.rules import Diagnosis

__all__ = ["Diagnosis", "diagnose"]
