"""Networks as ONNX, checked with onnxruntime before they are handed out; the extra `onnx`."""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from io import StringIO
from typing import Any

import torch
from torch import Tensor

from mlpzoo.checks import InputError
from mlpzoo.exercises import get_exercise
from mlpzoo.nets.architecture import describe
from mlpzoo.nets.range_scale import RangeScale
from mlpzoo.pretrained.formats import ExportedNet, from_bytes, to_safetensors
from mlpzoo.pretrained.manifest import OUTPUTS

TOLERANCE = 1e-4  # of the largest output: other kernels round differently, other maths is further
_ROWS = 10_000  # of inputs that are compared where no exercise has a grid


def to_onnx(exported: ExportedNet) -> tuple[bytes, float]:
    """Return a network as the content of an .onnx file, and how far its outputs are off.

    Input "x" has a batch axis of any length; the output is named after what it is.

    Args:
        exported: The network, which is left as it is, and what it is for.

    Returns:
        The file's content, and the largest difference between what onnxruntime and torch compute.

    Raises:
        InputError: The extra is not installed, or they compute different things.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  what torch exports with
    except ImportError as error:
        raise InputError(
            f"ONNX needs the package {error.name}; install the extra: pip install 'mlpzoo[onnx]'"
        ) from error
    exported = from_bytes(to_safetensors(exported))  # a copy, checked, on the CPU, in eval mode
    x = _inputs(exported)
    content = _as_onnx(exported, x[:2])
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (computed,) = session.run(None, {"x": x.numpy()})
    with torch.no_grad():
        expected = exported.net(x)
    difference = (torch.from_numpy(computed) - expected).abs().max().item()
    if not difference <= TOLERANCE * max(1.0, expected.abs().max().item()):
        raise InputError(f"onnxruntime's outputs differ by {difference:.3g}; no file was written")
    return content, difference


def _as_onnx(exported: ExportedNet, x: Tensor) -> bytes:
    with _quiet():
        program: Any = torch.onnx.export(
            exported.net,
            (x,),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            input_names=["x"],
            output_names=["y" if exported.output == "value" else exported.output],
            verbose=False,
        )
    proto = program.model_proto
    about = {
        "architecture": json.dumps(describe(exported.net)),
        "exercise": exported.exercise,
        "output": OUTPUTS[exported.output],
    }
    for key, value in about.items():
        proto.metadata_props.add(key=f"mlpzoo.{key}", value=value)
    content: bytes = proto.SerializeToString()
    return content


def _inputs(exported: ExportedNet) -> Tensor:
    """Return the exercise's validation grid, else points drawn from the network's own range."""
    features = next(exported.net.parameters()).shape[1]  # the first layer's weight
    if exported.exercise:
        data = get_exercise(exported.exercise).data()
        if data.in_features == features:
            return data.grid(data.val_points)[0]
    scales = [part for part in exported.net.modules() if isinstance(part, RangeScale)]
    scale = scales[0] if scales and not scales[0].identity else RangeScale((0.0, 1.0))
    unit = torch.rand(_ROWS, features, generator=torch.Generator().manual_seed(0))
    return scale.from_unit(2 * unit - 1)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what the exporter says of its own progress and of what torch deprecates."""
    log = logging.getLogger("torch.onnx")
    with warnings.catch_warnings(), redirect_stdout(StringIO()), ExitStack() as stack:
        warnings.simplefilter("ignore")
        stack.callback(log.setLevel, log.level)
        log.setLevel(logging.ERROR)
        yield
