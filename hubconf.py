"""The networks of mlpzoo for torch.hub: `torch.hub.load(FOLDER, "sin", source="local")`.

Needs torch and safetensors; mlpzoo itself need not be installed, for it stands beside this file.
"""

import sys
from pathlib import Path as _Path

dependencies = ["torch", "safetensors"]

_SOURCE = str(_Path(__file__).parent / "src")
sys.path.insert(0, _SOURCE)  # before one that is installed: these weights belong to this code
try:
    from mlpzoo import pretrained as _pretrained
finally:
    sys.path.remove(_SOURCE)


def _entry(record):
    def load():
        return _pretrained.load_pretrained(record.name)

    errors = ", ".join(f"{metric} {value:.3g}" for metric, value in record.headline().items())
    load.__name__ = load.__qualname__ = record.name.replace("-", "_")
    load.__doc__ = f"""{record.summary}

    Network: {record.network}. `forward` gives: {record.output}.
    Recipe: {record.recipe}; seed: {record.seed}; steps: {record.steps}; measured: {errors}.

    Returns:
        A plain torch.nn.Module in eval mode, on the CPU.
    """
    return load


for _name, _record in _pretrained.read_manifest().items():  # a name, and as Python spells it
    globals()[_name] = globals()[_name.replace("-", "_")] = _entry(_record)
