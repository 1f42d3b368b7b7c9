"""Networks out to files and in again: JSON, .pt, safetensors, and out only, ONNX."""

from pathlib import Path

from torch import nn

from mlpzoo.checks import InputError, cause, resolve_name
from mlpzoo.exercises import list_exercises
from mlpzoo.files import write_whole
from mlpzoo.pretrained.formats import WRITERS, ExportedNet, read_exported
from mlpzoo.pretrained.manifest import MOST_BYTES, OUTPUTS

FORMATS = (*WRITERS, "onnx")


def export(net: nn.Module, path: str | Path, *, exercise: str = "", output: str = "") -> None:
    """Write a network as JSON, .pt (of `torch.save`), safetensors or ONNX, as the path ends.

    `load_weights` gives back the same bits of all but the last. ONNX has a batch axis of any
    length, and is written once onnxruntime has given the network's own outputs. All hold what
    `forward` gives: of a gate, the logit.

    Args:
        net: A network of a class of `mlpzoo.nets`; of a Lightning module, its net.
        path: The file, which is replaced if it is there; its folder must exist.
        exercise: Name of the exercise that it solves, for the file to tell; "" for none.
        output: "value", "logit" or "probability", for the file to tell; "" for what the class
            gives: a `FourLayerXOR` a logit, a `Perceptron` a probability, others a value.

    Raises:
        InputError: An unknown suffix, a network of another class or other layers, weights that
            are not finite float32, no ONNX packages, or a file that cannot be written.

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
        exercise=resolve_name("exercise", exercise, list_exercises()) if exercise else "",
        output=resolve_name("output", output, OUTPUTS) if output else "",
    )
    write_exported(exported, Path(str(path)))


def load_weights(path: str | Path) -> nn.Module:
    """Return the network that a JSON, .pt or safetensors file of `export` holds, in eval mode.

    Nothing in the file is run, and no memory is taken for more than it holds.

    Args:
        path: The file.

    Raises:
        InputError: There is no such file, or it is damaged or of another kind.
    """
    return read_exported(path).net


def write_exported(exported: ExportedNet, path: Path, kind: str = "") -> str:
    """Write a network to a file.

    Args:
        exported: The network, and what the file is to say of it.
        path: The file.
        kind: One of `FORMATS`; "" for the one that the path ends in.

    Returns:
        How exact the file is, in words.

    Raises:
        InputError: See `export`.
    """
    kind = kind or path.suffix.removeprefix(".").lower()
    if kind not in FORMATS:
        raise InputError(f"{path} must end in .{', .'.join(FORMATS[:-1])} or .{FORMATS[-1]}")
    exact = "the same bits"
    if kind == "onnx":
        from mlpzoo.pretrained.onnx import to_onnx  # an extra, which need not be there

        content, difference = to_onnx(exported)
        exact = f"onnxruntime differs by {difference:.3g} at most"
    else:
        content = WRITERS[kind](exported)
        if len(content) > MOST_BYTES:
            raise InputError(
                f"{path} would have {len(content)} bytes, more than the {MOST_BYTES} that are read"
            )
    try:
        write_whole(path, content)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot write {path}: {cause(error)}; choose another file") from error
    return exact
