"""Networks as bytes: safetensors, JSON and torch's .pt, with the architecture beside weights.

Reading any runs no code, and float32 numbers come back bit for bit.
"""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from mlpzoo.checks import InputError
from mlpzoo.data import Samples
from mlpzoo.files import load_plain
from mlpzoo.nets.architecture import describe, rebuild
from mlpzoo.pretrained.manifest import OUTPUTS, read_content

FILE_FORMAT = 1
_ZIP = b"PK\3\4"  # how torch.save begins; of a safetensors file, a header beyond MOST_BYTES
_HEAD = "mlpzoo"  # the head's key in the metadata: one key, for more come in any order


@dataclass(kw_only=True)
class ExportedNet:
    """A plain network with what its file says of it, and what it is measured by.

    Attributes:
        net: The network.
        exercise: Name of the exercise that it was made for, or "".
        output: What `forward` gives, a key of `OUTPUTS`; by default what its class gives.
        data: Arguments of the exercise's data module that differ from the default recipe's.
        samples: What it is measured by, where that is known; no file holds it.
    """

    net: nn.Module
    exercise: str = ""
    output: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    samples: Samples | None = None

    def __post_init__(self) -> None:
        self.output = self.output or getattr(self.net, "gives", "value")


def to_safetensors(exported: ExportedNet) -> bytes:
    """Return a network as the content of a .safetensors file; equal ones give equal bytes.

    Args:
        exported: The network, on any device.

    Raises:
        InputError: See `mlpzoo.export`.
    """
    head = json.dumps(_head(exported))
    return safetensors.torch.save(_weights(exported.net), metadata={_HEAD: head})


def to_json(exported: ExportedNet) -> bytes:
    """Return a network as JSON: each float32 in the fewest digits that give it back.

    Args:
        exported: The network, on any device.

    Raises:
        InputError: See `mlpzoo.export`.

    Example:
        >>> from mlpzoo import SequentialMLP
        >>> net = SequentialMLP(hidden_features=(), initialization="zeros")
        >>> json.loads(to_json(ExportedNet(net=net)))["weights"]["layers.0.weight"]
        [[0.0]]
    """
    head = json.dumps(_head(exported), indent=1).removesuffix("\n}")
    weights = ",\n".join(
        f'  "{name}": ' + json.dumps(_shortest(tensor)).replace("], [", "],\n   [")
        for name, tensor in _weights(exported.net).items()
    )
    return f'{head},\n "weights": {{\n{weights}\n }}\n}}\n'.encode()


def to_pt(exported: ExportedNet) -> bytes:
    """Return a network as torch.save writes it: what `to_json` has, "weights" being a state_dict.

    Args:
        exported: The network, on any device.

    Raises:
        InputError: See `mlpzoo.export`.
    """
    weights = {name: tensor.clone() for name, tensor in _weights(exported.net).items()}
    head = json.loads(json.dumps(_head(exported)))  # no two names are one object: equal bytes
    torch.save({**head, "weights": weights}, buffer := io.BytesIO())
    return buffer.getvalue()


WRITERS = {"json": to_json, "pt": to_pt, "safetensors": to_safetensors}


def read_exported(path: str | Path, *, sha256: str = "") -> ExportedNet:
    """Return the network of a JSON, .pt or safetensors file, in eval mode, with what it says.

    Args:
        path: The file.
        sha256: What its content must have; "" for anything.

    Raises:
        InputError: There is no such file, it is too large, of another SHA-256, or no network.
    """
    content = read_content(path := Path(str(path)), sha256)
    try:
        return from_bytes(content)
    except InputError as error:
        raise InputError(f"{path} does not hold a network: {error}") from error


def from_bytes(content: bytes) -> ExportedNet:
    """Return the network that one of `WRITERS` wrote.

    Args:
        content: All of the file.

    Raises:
        InputError: The bytes are not what these write.
    """
    read = _from_safetensors if b"\0" in content[:8] else _from_json
    read = _from_pt if content.startswith(_ZIP) else read
    try:
        return read(content)
    except InputError:
        raise
    except RecursionError:
        raise InputError("it is nested too deeply") from None
    except Exception as error:  # the bytes may be anything: none of it may be a traceback
        raise InputError(f"it cannot be read: {error or type(error).__name__}") from None


def _from_safetensors(content: bytes) -> ExportedNet:
    weights = safetensors.torch.load(content)  # checks header and sizes
    length = int.from_bytes(content[:8], "little")  # of the JSON header that follows
    header = json.loads(content[8 : 8 + length])
    metadata = header.get("__metadata__", {})
    if _HEAD not in metadata:
        raise InputError("it has no architecture; it is not of `mlpzoo export`")
    return _exported_net(_strict_json(metadata[_HEAD]), weights)


def _from_json(content: bytes) -> ExportedNet:
    head = _strict_json(content.decode())
    return _exported_net(head, {name: _tensor(name, v) for name, v in _weights_in(head).items()})


def _from_pt(content: bytes) -> ExportedNet:
    head = load_plain(content)
    weights = _weights_in(head)
    for name, tensor in weights.items():
        plain = type(tensor) is Tensor and tensor.layout is torch.strided
        if not (plain and tensor.device.type == "cpu" and tensor.is_contiguous()):
            raise InputError(f"{name} is not a plain tensor")
    if sum(tensor.nbytes for tensor in weights.values()) > len(content):
        raise InputError("its weights would take more memory than it holds")
    return _exported_net(head, weights)


def _weights_in(head: Any) -> dict[str, Any]:
    given = head.get("weights") if isinstance(head, dict) else None
    if not isinstance(given, dict):
        raise InputError("it has no weights; it is not of `mlpzoo export`")
    return given


def _exported_net(head: Any, weights: Mapping[str, Tensor]) -> ExportedNet:
    found = head.get("format") if isinstance(head, dict) else None
    if found != FILE_FORMAT:
        raise InputError(f"it is of format {found!r}, and this mlpzoo reads {FILE_FORMAT}")
    exercise, output = head.get("exercise", ""), head.get("output", "value")
    data = head.get("data", {})
    if not isinstance(exercise, str) or output not in OUTPUTS or not isinstance(data, dict):
        raise InputError(f"it has exercise {exercise!r}, output {output!r} and data {data!r}")
    net = rebuild(head.get("architecture"), weights)
    return ExportedNet(net=net, exercise=exercise, output=output, data=data)


def _head(exported: ExportedNet) -> dict[str, Any]:
    return {
        "format": FILE_FORMAT,
        "architecture": describe(exported.net),
        "exercise": exported.exercise,
        "output": exported.output,
        "means": OUTPUTS[exported.output],
        **({"data": exported.data} if exported.data else {}),
    }


def _weights(net: nn.Module) -> dict[str, Tensor]:
    return {name: t.detach().cpu().contiguous() for name, t in net.state_dict().items()}


def _shortest(weights: Tensor) -> Any:
    """Return numbers in nested lists, each the one with the fewest digits that is this float32."""
    return weights.numpy().astype(str).astype(float).tolist()


def _tensor(name: str, value: object) -> Tensor:
    for leaf in np.array(value, dtype=object).flat:
        if type(leaf) not in (int, float):  # torch would take a bool
            raise InputError(f"{name} must hold numbers, got {leaf!r}")
    return torch.tensor(value, dtype=torch.float32)


def _strict_json(text: str) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise InputError(f"it holds {constant}, which is no number")

    return json.loads(text, parse_constant=refuse)
