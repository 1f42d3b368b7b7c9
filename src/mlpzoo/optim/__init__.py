"""Optimizers, losses and schedules by name, and many optimizer steps in one training_step."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
