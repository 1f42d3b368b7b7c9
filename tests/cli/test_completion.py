"""Completion: what the shells themselves offer, given the script."""

import shutil
import subprocess
from contextlib import redirect_stdout
from functools import cache
from io import StringIO

import pytest

from mlpzoo import list_exercises, list_pretrained
from mlpzoo.cli import main

ASKED = {
    "mlpzoo tra": {"train"},
    "mlpzoo comp": {"compare", "completion"},
    "mlpzoo train s": {"sin", "square"},
    "mlpzoo train ": {*list_exercises(), "all"},
    "mlpzoo train --see": {"--seed"},
    "mlpzoo export sin --format s": {"safetensors"},
    "mlpzoo test x": {name for name in list_pretrained() if name[0] == "x"} | {"xy net.json"},
    "mlpzoo train --config x": {"xy net.json"},
    "mlpzoo compare x": {"xy net.json"},
    "mlpzoo sweep xor --module.l": {"--module.loss", "--module.lr"},
    "mlpzoo population --data.no": {"--data.noise_std"},
    "mlpzoo train xor --data.tab": {"--data.table"},
    "mlpzoo fit x --data.ta": {"--data.target"},
    "mlpzoo test sin --data.val": {"--data.val_points"},
    "mlpzoo train linear --data.points x": {"xy net.json"},
    "mlpzoo sweep xor --keep ": {"all", "solved", "failed", "none"},
    "mlpzoo train --kernel ": {"auto", "numba", "torch"},
    "mlpzoo population --on ": {"ray"},
    "mlpzoo train --seed ": set(),
    "mlpzoo fit --activation ": set(),
    "mlpzoo completion ": {"bash", "zsh", "fish"},
}
BASH = """
eval "$1"; set -- $2 ${3+"$3"}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mlpzoo; printf '%s\\n' "${COMPREPLY[@]}"
"""


@cache  # it takes seconds to make
def script_for(shell):
    with redirect_stdout(StringIO()) as printed:
        assert main(["completion", shell]) == 0
    return printed.getvalue()


@pytest.fixture
def offered(tmp_path):
    """Ask a shell what it offers after a line, in a folder with one file."""
    (tmp_path / "xy net.json").touch()

    def ask(shell, line):
        script = script_for(shell)
        if shell == "bash":
            last = [""] if line.endswith(" ") else []
            command = ["bash", "-c", BASH, "bash", script, line, *last]
        else:
            command = ["fish", "--no-config", "-c", f"{script}\ncomplete -C '{line}'"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
        assert done.stderr == ""
        return {
            word.partition("\t")[0].replace("\\ ", " ") for word in done.stdout.splitlines() if word
        }

    return ask


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize("line", ASKED)
def test_shell_offers_commands_options_names_and_files(offered, shell, line):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    assert offered(shell, line) == ASKED[line]


def test_zsh_takes_the_script_of_bash():
    assert script_for("zsh").endswith(f"bashcompinit\n{script_for('bash')}")


def test_every_option_of_every_command_is_there(capsys):
    script = script_for("bash")
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    helped = capsys.readouterr().out
    options = {word.strip("[],") for word in helped.split() if word.startswith(("--", "[--"))}
    assert "--no-plots" in options
    assert all(option in script for option in options if "." not in option and option != "--")
