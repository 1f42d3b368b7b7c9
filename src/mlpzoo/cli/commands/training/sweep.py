"""Train many settings with many seeds each and say which work best."""

import argparse
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlpzoo.checks import as_typed
from mlpzoo.cli.commands.training.population import meant
from mlpzoo.cli.exit_codes import BAD_INPUT, PASSED
from mlpzoo.cli.garbage import go_on
from mlpzoo.cli.parser import add_settings, exercise
from mlpzoo.cli.tables import as_lines, as_table, stdout_for
from mlpzoo.cli.words import check_arguments
from mlpzoo.files import as_json
from mlpzoo.place import place
from mlpzoo.training.many import SweepSettings

if TYPE_CHECKING:
    from mlpzoo.population.sweep.result import SettingResult, SweepResult

EPILOG = """\
What differs gets several values: --module.lr 0.001,0.01,0.1, or a range: 0.001:0.1:log:12 (twelve
at equal ratios), 0:1:11 (at equal distances), 2:8 (whole numbers). Networks are listed as
--module.hidden_features '(8,8),(16,16)', or 2x1:8: two units in one to eight hidden layers.
`mlpzoo show NAME` has the names of module and data; --recipe default,lecture sweeps over recipes.
Every setting has the same seeds. The run folder gets sweep.csv, members.csv, sweep.json and
pictures. The same command goes on with a sweep that was stopped or
killed. Several processes share the work with --devices N, or as torchrun or srun starts them.
Exit codes: 0 done, 2 bad input or a file that cannot be read or written, 130 stopped by Ctrl-C,
143 by SIGTERM."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo sweep`."""
    parser.add_argument("name", nargs="?", type=exercise, metavar="NAME",
                        help="the exercise; --resume RUN knows it")  # fmt: skip
    add_settings(parser, SweepSettings, without=["change"])
    parser.add_argument("--json", action="store_true",
                        help="print sweep.json instead of a table")  # fmt: skip
    parser.set_defaults(dotted={})


def run(*, name: str | None, json: bool, dotted: Mapping[str, Any], **given: Any) -> int:
    """Check all settings, train the members of each, print a table of them."""
    SweepSettings(**given)  # refuses at once what it would after torch has been loaded
    check_arguments([name] if name else [], dotted)
    import torch

    from mlpzoo.population.sweep.axes import RECIPE, split
    from mlpzoo.population.sweep.train import sweep
    from mlpzoo.training.plan import from_config

    go_on()
    torch.set_num_threads(1)  # the fastest for networks this small
    exercise = meant(name, given.get("resume"))
    over, fixed = split(exercise, dotted)
    if "," in given.get(RECIPE, ""):
        over[RECIPE] = given.pop(RECIPE)
    if over:
        given["over"] = over
    groups = from_config(exercise, fixed, SweepSettings)
    with stdout_for(json):
        result = sweep(exercise, **groups, **given)
    if not place().speaks:
        return PASSED
    print(as_json(result.as_json()) if json else _report(result))
    if result.unwritten:
        print(f"mlpzoo: cannot write {result.unwritten}", file=sys.stderr)
        return BAD_INPUT
    return PASSED


def _report(result: "SweepResult") -> str:
    """Return the result of a sweep as lines of text."""
    best, (low, high) = result.best, result.best.interval
    lines = [
        as_table([_row(one, dropped=result.dropped(one)) for one in result.settings]),
        f"{result.exercise}, {len(result)} settings in {result.seconds:.1f} s of training",
    ]
    if best.solved:
        lines.append(
            f"best: {best.name}: {best.solved} of {len(best.members)} solved "
            f"(95% interval {low:.2%} to {high:.2%})"
        )
    if len(result) == 2:
        said = result.compare(0, 1).said(*(one.name for one in result.settings))
        lines += [line for each in said for line in as_lines(each)]
    elif best.solved:
        equal = sum(row["p_against_best"] >= 0.05 for row in result.rows()) - 1
        lines.append(f"others not told apart from it (paired exact test, 5% each): {equal}")
    bars = dict.fromkeys(", ".join(one.bars) for one in result.settings)
    return "\n".join([*lines, f"bar: {'; or '.join(bars)}", str(result.folder)])


def _row(one: "SettingResult", *, dropped: bool) -> dict[str, str]:
    from mlpzoo.population.statistics import SHARES

    low, high = one.interval
    steps = (one.steps_to_solve(share) for share in SHARES.values())
    failed = next(iter(one.failures.items()), None)
    return {
        **{name.rpartition(".")[2]: as_typed(value) for name, value in one.setting.items()},
        "solved": f"{one.solved} of {len(one.members)}{' (dropped)' if dropped else ''}",
        "95% interval": f"{low:.1%} to {high:.1%}",
        "steps: half / 90% / 99%": " / ".join("never" if s is None else str(s) for s in steps),
        "failed most": f"{failed[1]} {failed[0]}" if failed else "",
    }
