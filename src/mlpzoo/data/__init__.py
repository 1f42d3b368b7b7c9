"""What networks are trained on: samples with a pure `train_batch(step)`, and their data modules.

Samples load no Lightning; a LightningDataModule is made of each in `mlpzoo.data.modules`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
