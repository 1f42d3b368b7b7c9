"""Every command of docs/by-hand.md prints what stands there; "..." stands for lines left out."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from mlpzoo.cli import main

PAGE = Path(__file__).parents[1] / "docs" / "by-hand.md"
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
COMMANDS = [part.partition("\n") for block in BLOCKS for part in block.split("$ ")[1:]]


@pytest.mark.parametrize(("line", "printed"), [(line, printed) for line, _, printed in COMMANDS])
def test_command_prints_what_the_page_says(line, printed, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(line)
    code = main(arguments)
    out, err = capsys.readouterr()
    assert (program, code) == ("mlpzoo", 0), err
    printed, out = (text.strip("\n") + "\n" for text in (printed, out))
    assert doctest.OutputChecker().check_output(printed, out, doctest.ELLIPSIS), out
