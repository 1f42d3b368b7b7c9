"""The training systems: one LightningModule a network, on one base, and an optimizer of ours."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # Lightning is slow
