"""`python -m mlpzoo` is `mlpzoo`."""

import sys

from mlpzoo.cli import main

sys.exit(main())
