"""The trained and the hand-built networks that come with the package.

Their weights are .safetensors files in the folder weights/, and manifest.json there says of each
what it is, how it was made, its measured errors and the SHA-256 of its file. Listing them loads no
torch, and loading one no Lightning.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import InputError, resolve_name

if TYPE_CHECKING:
    from torch import nn

    from mlpzoo.pretrained.formats import ExportedNet

FOLDER = Path(__file__).parent / "weights"
MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
MOST_BYTES = 2**26  # of a file: 16 million weights, 60 times the largest network here
OUTPUTS = {  # what a network may give
    "value": "y",
    "logit": "the logit of P(y = 1): y = 1 where it is above 0",
    "probability": "P(y = 1) itself",
}
_HEADLINE = ("max_error", "coefficient_error", "accuracy", "bce")


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """What the manifest says of one network.

    Attributes:
        name: Its name, and that of its file without ".safetensors".
        summary: What it computes, in a sentence.
        exercise: The exercise that it solves.
        data: Arguments of the exercise's data module that differ from the default recipe's.
        network: Its layers in a few characters.
        architecture: Its class, a name of `mlpzoo.nets`, and the arguments of the constructor.
        output: What `forward` gives: "value", "logit" or "probability".
        recipe: The recipe that trained it, "published" or "by hand".
        seed: The seed of start and data; None where nothing was drawn.
        steps: Optimizer steps taken; None for none.
        errors: Test metrics on the exercise's grid, in its units.
        proved: By name of a metric, a bound of it on the whole closed range; of a gate "radius",
            how far about each row the answer is right (see `mlpzoo.certify`).
        versions: Of the packages that made it.
        sha256: Of its file.
    """

    name: str
    summary: str
    exercise: str
    data: Mapping[str, Any]
    network: str
    architecture: Mapping[str, Any]
    output: str
    recipe: str
    seed: int | None
    steps: int | None
    errors: Mapping[str, float]
    versions: Mapping[str, str]
    sha256: str
    proved: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the manifest's entry: plain data, the name left out."""
        return {key: value for key, value in asdict(self).items() if key != "name"}

    def headline(self) -> dict[str, float]:
        """Return the errors that say most: the largest ones of a function, all of a gate."""
        by_head = [name for name in self.errors if name.endswith("_head_max_error")]
        names = by_head or [name for name in self.errors if name in _HEADLINE]
        return {name: self.errors[name] for name in names}


def list_pretrained(folder: str | Path | None = None) -> list[str]:
    """Return the names of the networks that can be loaded, sorted.

    Args:
        folder: Where weights and manifest are; None for those of the package.

    Raises:
        InputError: The manifest cannot be read.

    Example:
        >>> {"linear", "minmax", "perceptron", "sin", "square", "xor"} < set(list_pretrained())
        True
    """
    return sorted(read_manifest(folder))


def load_pretrained(name: str, *, folder: str | Path | None = None) -> nn.Module:
    """Return a network of the package: a plain `torch.nn.Module` in eval mode, on the CPU.

    `forward` takes and returns the exercise's own units; a gate's network gives the logit, but for
    a perceptron, "xor-exact" and "xor-step", which give 0 or 1 (see `Pretrained.output`).

    Args:
        name: One of `list_pretrained()`.
        folder: Where weights and manifest are; None for those of the package.

    Raises:
        InputError: There is none of this name, or its file is not the one of the manifest.

    Example:
        >>> import torch
        >>> load_pretrained("minmax-exact")(torch.tensor([[3.0, 8.0]])).tolist()
        [[8.0, 3.0]]
    """
    return load_exported(name, folder=folder).net


def load_exported(name: str, *, folder: str | Path | None = None) -> ExportedNet:
    """Return a network of the package as `load_pretrained` does, with what its file says of it.

    Args:
        name: One of `list_pretrained()`.
        folder: Where weights and manifest are; None for those of the package.

    Raises:
        InputError: See `load_pretrained`.
    """
    from mlpzoo.nets.architecture import describe  # torch, which a list does not need
    from mlpzoo.pretrained.formats import read_exported

    record = get_pretrained(name, folder)
    path = weights_file(record.name, folder)
    exported = read_exported(path, sha256=record.sha256)
    says = (record.architecture, record.exercise, record.output)
    if says != (describe(exported.net), exported.exercise, exported.output):
        raise InputError(f"{path} is another network than its manifest says; install mlpzoo anew")
    return exported


def get_pretrained(name: str, folder: str | Path | None = None) -> Pretrained:
    """Return what the manifest says of one network.

    Args:
        name: One of `list_pretrained()`.
        folder: Where the manifest is; None for that of the package.

    Raises:
        InputError: There is none of this name, or the manifest cannot be read.
    """
    records = read_manifest(folder)
    return records[resolve_name("pretrained network", name, records)]


def read_manifest(folder: str | Path | None = None) -> dict[str, Pretrained]:
    """Return what the manifest of a folder says of each network, by name.

    Args:
        folder: Where the manifest is; None for that of the package.

    Raises:
        InputError: It cannot be read, or is not a manifest.
    """
    path = _folder(folder) / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != MANIFEST_FORMAT:
            raise InputError(
                f"{path} is of format {content['format']}; this mlpzoo reads {MANIFEST_FORMAT}"
            )
        return {name: _record(name, entry) for name, entry in content["networks"].items()}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except InputError:
        raise
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not a manifest: {type(error).__name__}: {error}") from error


def weights_file(name: str, folder: str | Path | None = None) -> Path:
    """Return the path of a network's weights.

    Args:
        name: The network's name.
        folder: Where weights are; None for those of the package.
    """
    return _folder(folder) / f"{name}.safetensors"


def read_content(path: Path, sha256: str = "") -> bytes:
    """Return the content of a network's file.

    Args:
        path: The file.
        sha256: What its content must have; "" for anything.

    Raises:
        InputError: There is no such file, it is too large, or of another SHA-256.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is not a file")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL
        raise InputError(f"{path} cannot be read: {error}") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"{path} is larger than {MOST_BYTES} bytes, the most that is read")
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise InputError(f"{path} is damaged: its SHA-256 is another; install mlpzoo anew")
    return content


def sizes_of(record: Pretrained) -> list[int]:
    """Return how many numbers each weight and bias of a network of the package has.

    Args:
        record: What the manifest says of it.

    Raises:
        InputError: Its file is not the one of the manifest.
    """
    from safetensors import deserialize

    content = read_content(weights_file(record.name), record.sha256)
    shapes = (tensor["shape"] for _, tensor in deserialize(content))  # type: ignore[no-untyped-call]
    return [math.prod(shape) for shape in shapes if shape]  # a scale is no parameter, nor a list


def _folder(folder: str | Path | None) -> Path:
    return FOLDER if folder is None else Path(str(folder))


def _record(name: str, entry: Mapping[str, Any]) -> Pretrained:
    record = Pretrained(name=name, **entry)
    kinds = dict.fromkeys(("data", "architecture", "errors", "proved", "versions"), (dict,))
    for key, kind in {**kinds, "seed": (int, NoneType), "steps": (int, NoneType)}.items():
        if type(getattr(record, key)) not in kind:
            raise TypeError(f"{key} of {name} is of another kind")
    for metric, value in [*record.errors.items(), *record.proved.items()]:
        if type(value) is not float or not math.isfinite(value):
            raise TypeError(f"{metric} of {name} must be a float, got {value!r}")
    return record
