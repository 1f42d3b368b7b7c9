"""Optimizers, losses and schedules by name, and many optimizer steps in one training_step."""

from mlpzoo.optim.levenberg import LevenbergMarquardt

__all__ = ["LevenbergMarquardt"]
