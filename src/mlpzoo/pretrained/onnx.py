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
from mlpzoo.nets.architecture import describe
from mlpzoo.pretrained.formats import ExportedNet, from_bytes, to_safetensors
from mlpzoo.pretrained.manifest import OUTPUTS


def to_onnx(exported: ExportedNet, rows: Tensor) -> tuple[bytes, Tensor]:
    """Return a network as the content of an .onnx file, and what onnxruntime answers with it.

    Input "x" has a batch axis of any length; the output is named after what it is.

    Args:
        exported: The network, which is left as it is, and what it is for.
        rows: What to ask.

    Raises:
        InputError: The extra is not installed.
    """
    try:
        import onnxruntime
        import onnxscript  # noqa: F401  what torch exports with
    except ImportError as error:
        raise InputError(
            f"ONNX needs the package {error.name}; install the extra: pip install 'mlpzoo[onnx]'"
        ) from error
    exported = from_bytes(to_safetensors(exported))  # a copy, checked, on the CPU, in eval mode
    content = _as_onnx(exported, rows[[0, -1]])
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (answers,) = session.run(None, {"x": rows.numpy()})
    return content, torch.from_numpy(answers)


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


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what the exporter says of its own progress and of what torch deprecates."""
    log = logging.getLogger("torch.onnx")
    with warnings.catch_warnings(), redirect_stdout(StringIO()), ExitStack() as stack:
        warnings.simplefilter("ignore")
        stack.callback(log.setLevel, log.level)
        log.setLevel(logging.ERROR)
        yield
