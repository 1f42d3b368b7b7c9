"""What the commands export and verify do, once parsed, and the package's networks for predict."""

import sys
from collections.abc import Sequence
from pathlib import Path

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import FELL_SHORT, PASSED
from mlpzoo.cli.tables import as_json, as_table
from mlpzoo.data import FunctionDataModule
from mlpzoo.modules import LitNetwork
from mlpzoo.pretrained.export import write_exported
from mlpzoo.pretrained.formats import OUTPUTS, ExportedNet, read_exported
from mlpzoo.pretrained.manifest import get_pretrained, list_pretrained, load_exported
from mlpzoo.pretrained.measure import as_module, data_of, output_of
from mlpzoo.pretrained.verify import Check
from mlpzoo.pretrained.verify import verify as run_checks
from mlpzoo.runs.checkpoint import RECORD, read_checkpoint
from mlpzoo.runs.load import load_module


def export(
    *, name: str | None, ckpt: str | None, weights: str | None, format: str | None, out: str | None
) -> int:
    """Write one network to a file and print the path, and how exact it is."""
    if (name, ckpt, weights).count(None) != 2:
        names = ", ".join(list_pretrained())
        raise InputError(f"give one of NAME, --ckpt PATH or --weights FILE; names: {names}")
    if format is None and out is None:
        raise InputError("give --format json, safetensors or onnx, or an --out that ends so")
    exported, stem = _source(name, ckpt, weights)
    path = Path(out) if out else Path(f"{stem}.{format}")
    exact = write_exported(exported, path, format or "")
    print(f"{path}: gives {OUTPUTS[exported.output]}; {exact}")
    return PASSED


def verify(
    *,
    names: Sequence[str],
    trained: bool,
    shipped: bool,
    seed: int | None,
    folder: str | None,
    json: bool,
) -> int:
    """Run the checks, a line to stderr for each as it ends, and print a table of all."""
    checks = run_checks(
        names, trained=not shipped, shipped=not trained, seed=seed, folder=folder, report=_report
    )
    rows = [check.as_json() for check in checks]
    print(as_json(rows) if json else as_table([_row(check) for check in checks]))
    return PASSED if all(check.passed for check in checks) else FELL_SHORT


def shipped(name: str) -> tuple[LitNetwork, FunctionDataModule]:
    """Return a network of the package as a module, with the data that it is measured by.

    Raises:
        InputError: There is none of this name.
    """
    record = get_pretrained(name)
    return as_module(load_exported(name)), data_of(record)


def _source(name: str | None, ckpt: str | None, weights: str | None) -> tuple[ExportedNet, str]:
    """Return the network to export, and the name of its file without a suffix."""
    if name is not None:
        return load_exported(name), get_pretrained(name).name
    if weights is not None:
        return read_exported(weights), Path(weights).stem
    module, _ = load_module(str(ckpt))
    exercise: str = read_checkpoint(str(ckpt))[RECORD]["exercise"]
    return ExportedNet(net=module.net, exercise=exercise, output=output_of(module)), exercise


def _report(check: Check) -> None:
    print(f"{check.name}, {check.what}: {check.verdict}", file=sys.stderr, flush=True)


def _row(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "what": check.what,
        "seed": "-" if check.seed is None else check.seed,
        "measured": ", ".join(f"{name} {value:.4g}" for name, value in check.measured.items()),
        "asked": check.asked,
        "verdict": check.verdict,
        "seconds": f"{check.seconds:.1f}",
    }
