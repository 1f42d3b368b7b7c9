"""Command lines and settings that cannot be used: exit code 2, one line, nothing written."""

import io
import os
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlpzoo.cli import main
from mlpzoo.exercises import list_exercises

names = st.sampled_from(list_exercises())
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
strange = words.map(lambda word: f"zz{word}")
not_numbers = st.sampled_from(("one", "1e", "--", "0x1", "[1", "{}", "true", "1,2", "")) | strange
below_one = st.integers(max_value=0).map(str)
counts = ("max-steps", "val-every", "threads", "seed", "plot-every")
sizes = ("data.batch_size", "data.seed", "data.block_steps")
rates = ("module.lr",)


def _option(name: str, value: str) -> list[str]:
    return [f"--{name}={value}"]


bad_options = st.one_of(
    st.builds(_option, st.sampled_from(counts + sizes), not_numbers.filter(lambda v: v != "true")),
    st.builds(_option, st.sampled_from((*counts[:3], *sizes[::2])), below_one),
    st.builds(_option, st.just("seed"), st.integers(max_value=-1).map(str)),
    st.builds(_option, st.sampled_from(rates), st.sampled_from(("0", "-1", "nan", "inf", "x"))),
    st.builds(_option, st.sampled_from(("recipe", "accelerator", "devices")), strange),
    st.builds(_option, st.builds("module.zz{}".format, st.integers()), words),
    st.builds(_option, st.builds("data.zz{}".format, st.integers()), words),
    st.sampled_from((["--module.lr"], ["--data.batch_size"], ["--seed"], ["--out"])),
    st.builds(lambda path: ["--resume", f"nowhere/{path}"], st.integers()),
    st.builds(lambda path: ["--rewind", f"nowhere/{path}"], st.integers()),
    st.just(["--resume"]),
    st.just(["--rewind"]),
    st.builds(lambda name: ["--change", name], words),
    st.builds(lambda word: [f"--zz{word}"], words),
)
lines = st.one_of(
    st.builds(lambda name, bad: ["train", name, *bad], names, bad_options),
    st.builds(lambda name, bad: ["population", name, *bad], names, bad_options),
    st.builds(lambda word: ["train", word], strange),
    st.builds(lambda name, word: ["train", name, word], names, strange),
    st.builds(lambda command, word: [command, word], st.sampled_from(("show", "test")), strange),
    st.builds(lambda name, path: ["test", name, "--ckpt", f"{path}"], names, st.integers()),
    st.builds(lambda name, x: ["predict", name, "--ckpt", "no.ckpt", x], names, strange),
    st.builds(lambda word: [word], strange),
    st.lists(strange, max_size=4),
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | strange
contents = st.one_of(
    st.recursive(
        scalars, lambda inner: st.lists(inner) | st.dictionaries(words, inner), max_leaves=6
    ),
    st.builds(lambda key, v: {"exercise": "sin", key: v}, strange, scalars),
    st.builds(lambda v: {"exercise": v}, scalars),
    st.builds(lambda v: {"exercise": "sin", "module": v}, strange | st.lists(words, min_size=1)),
    st.builds(lambda v: {"exercise": "sin", "max_steps": v}, strange | st.integers(max_value=0)),
    st.builds(lambda v: {"exercise": "xor", "data": {"gate": v}}, strange),
).map(lambda content: yaml.safe_dump(content, allow_unicode=True))
texts = contents | words.map(lambda word: f"{{[{word}") | st.just("!!python/name:os.system x")


def nonsense(count: int) -> list[str]:
    """Run so many malformed command lines, one in three with a malformed config.

    Returns:
        What went wrong, a line each; the first that hypothesis finds, made as small as it can.
    """
    kept = settings(
        max_examples=count // 3, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    try:
        with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
            settings(kept, max_examples=count - count // 3)(given(lines)(_refused))()
            kept(given(texts)(_config_refused))()
    except AssertionError as error:
        return [str(error)]
    return []


def _config_refused(text: str) -> None:
    Path("c.yaml").write_text(text, encoding="utf-8")
    _refused(["train", "--config", "c.yaml"])
    Path("c.yaml").unlink()


def _refused(line: list[str]) -> None:
    before, said = sorted(os.listdir()), io.StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(io.StringIO()):
            code = main(line)
    except BaseException as error:
        raise AssertionError(f"{line}: {type(error).__name__}: {error}") from error
    printed = said.getvalue()
    one_line = printed.count("\n") == 1 and printed.startswith("mlpzoo: ")
    assert (code, one_line) == (2, True), f"{line}: exit code {code}: {printed!r}"
    assert sorted(os.listdir()) == before, f"{line}: left {sorted(os.listdir())}"
