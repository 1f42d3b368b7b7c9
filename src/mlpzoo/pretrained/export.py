"""Networks out to files and in again: JSON, .pt, safetensors; out only, ONNX, C and Python."""

from pathlib import Path

import torch
from torch import Tensor, nn

from mlpzoo.analysis.layers import layers_of
from mlpzoo.checks import InputError, cause, resolve_name
from mlpzoo.exercises import known_exercises
from mlpzoo.files import write_whole
from mlpzoo.nets.architecture import describe
from mlpzoo.pretrained.agreement import (
    answers_of_c,
    answers_of_python,
    compared,
    rows_for,
    thinned,
)
from mlpzoo.pretrained.formats import WRITERS, ExportedNet, from_bytes, read_exported
from mlpzoo.pretrained.manifest import MOST_BYTES, OUTPUTS
from mlpzoo.pretrained.source import to_c, to_python

FORMATS = (*WRITERS, "onnx", "c", "py")


def export(
    net: nn.Module,
    path: str | Path,
    *,
    exercise: str = "",
    output: str = "",
    real: str = "double",
) -> None:
    """Write a network as JSON, .pt (of `torch.save`), safetensors, ONNX, C or Python.

    Which one is how the path ends. `load_weights` gives back the same bits of the first three. ONNX
    has a batch axis of any length; C99 and Python are one file that needs nothing else. A file is
    written once what it holds has answered rows as the network does: with onnxruntime, the C
    compiler if there is one, or Python. All hold what `forward` gives: of a gate, the logit.

    Args:
        net: A network of a class of `mlpzoo.nets`; of a Lightning module, its net. C and Python
            take an `nn.Sequential` of linear layers and activations, too.
        path: The file, which is replaced if it is there; its folder must exist.
        exercise: Name of the exercise that it solves, for the file to tell; "" for none.
        output: "value", "logit" or "probability", for the file to tell; "" for what the class
            gives: a `FourLayerXOR` a logit, a `Perceptron` a probability, others a value.
        real: "double" or "float": what C computes with.

    Raises:
        InputError: An unknown suffix, a network of another class or other layers, weights that
            are not finite float32, an activation that C or Python has not, no ONNX packages,
            answers that differ by more than rounding, or a file that cannot be written.

    Example:
        >>> from tempfile import mkdtemp
        >>> from mlpzoo import load_pretrained
        >>> path = Path(mkdtemp(), "or.json")
        >>> export(load_pretrained("or-exact"), path, exercise="perceptron")
        >>> load_weights(path).linear.weight.tolist()
        [[0.5, 0.5]]
    """
    exported = ExportedNet(
        net=net,
        exercise=resolve_name("exercise", exercise, known_exercises()) if exercise else "",
        output=resolve_name("output", output, OUTPUTS) if output else "",
    )
    write_exported(exported, Path(str(path)), real=real)


def load_weights(path: str | Path) -> nn.Module:
    """Return the network that a JSON, .pt or safetensors file of `export` holds, in eval mode.

    Nothing in the file is run, and no memory is taken for more than it holds.

    Args:
        path: The file.

    Raises:
        InputError: There is no such file, or it is damaged or of another kind.
    """
    return read_exported(path).net


def write_exported(
    exported: ExportedNet,
    path: Path,
    kind: str = "",
    rows: Tensor | None = None,
    *,
    real: str = "double",
) -> str:
    """Write a network to a file, once it has answered as the network does.

    Args:
        exported: The network, and what the file is to say of it.
        path: The file.
        kind: One of `FORMATS`; "" for the one that the path ends in.
        rows: Inputs to compare answers on; 4,096 of them are taken at most. None for the test
            rows of its data, or else for rows that are drawn.
        real: Of C, "double" or "float".

    Returns:
        How exact the file is, in words.

    Raises:
        InputError: See `export`.
    """
    kind = kind or path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise InputError(f"{path} must end in .{', .'.join(FORMATS[:-1])} or .{FORMATS[-1]}")
    if kind != "c" and real != "double":
        raise InputError(f"real is of C, and {path} is not; leave {real} out")
    if kind in ("c", "py") and isinstance(exported.net, nn.Sequential):
        layers_of(exported.net)
    else:
        describe(exported.net)  # either refuses what cannot be written
    rows = thinned(rows_for(exported) if rows is None else rows)
    content, exact = _content(exported, kind, rows, real)
    try:
        write_whole(path, content)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write {path}: {cause(error)}; choose another file") from error
    return exact


def _content(exported: ExportedNet, kind: str, rows: Tensor, real: str) -> tuple[bytes, str]:
    """Return what a file of a kind holds, and how exact it is, in words."""
    if kind == "c":
        return _as_c(exported, rows, real)
    if kind == "py":
        weights = layers_of(exported.net).size
        compared_on, answers = answers_of_python(to_python(exported), rows, weights)
        exact = f"Python {compared(exported, compared_on, answers)}"
        return to_python(exported, remark=f"Checked: {exact}.").encode(), exact
    if kind == "onnx":
        from mlpzoo.pretrained.onnx import to_onnx  # an extra, which need not be there

        content, answers = to_onnx(exported, rows)
        return content, f"onnxruntime {compared(exported, rows, answers)}"
    content = WRITERS[kind](exported)
    if len(content) > MOST_BYTES:
        raise InputError(
            f"a .{kind} file would have {len(content)} bytes, more than the {MOST_BYTES} that are "
            "read; take another format"
        )
    with torch.no_grad():
        answers = from_bytes(content).net(rows)
    return content, f"the same bits; read back, it {compared(exported, rows, answers)}"


def _as_c(exported: ExportedNet, rows: Tensor, real: str) -> tuple[bytes, str]:
    text = to_c(exported, real=real)
    dtype = torch.float32 if real == "float" else torch.float64
    answers, by = answers_of_c(text, rows, dtype)
    if answers is None:
        exact, remark = f"not compiled: {by}", "It was not compiled when it was written."
    else:
        exact = f"compiled by {by}, it {compared(exported, rows, answers)}"
        remark = f"Checked: {exact}."
    return to_c(exported, real=real, remark=remark).encode(), exact
