"""The classic small neural-network exercises as Lightning modules that you can trust.

Public names are resolved when they are first used: `import mlpzoo` loads no torch, and importing
a network loads no lightning. `__init__.pyi` says where each is.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
