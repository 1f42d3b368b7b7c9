"""Completion: what the shells themselves offer, given the script."""

import shutil
import subprocess

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
    "mlpzoo completion ": {"bash", "zsh", "fish"},
}
BASH = """
eval "$1"; set -- $2 ${3+"$3"}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mlpzoo; printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def offered(capsys, tmp_path):
    """Ask a shell what it offers after a line, in a folder with one file."""
    (tmp_path / "xy net.json").touch()

    def ask(shell, line):
        assert main(["completion", shell]) == 0
        script = capsys.readouterr().out
        if shell == "bash":
            last = [""] if line.endswith(" ") else []
            command = ["bash", "-c", BASH, "bash", script, line, *last]
        else:
            command = ["fish", "--no-config", "-c", f"{script}\ncomplete -C '{line}'"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
        assert done.stderr == ""
        return {word.partition("\t")[0].replace("\\ ", " ") for word in done.stdout.splitlines()}

    return ask


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.parametrize("line", ASKED)
def test_shell_offers_commands_options_names_and_files(offered, shell, line):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    assert offered(shell, line) == ASKED[line]


def test_zsh_takes_the_script_of_bash(capsys):
    main(["completion", "bash"])
    bash = capsys.readouterr().out
    main(["completion", "zsh"])
    assert capsys.readouterr().out.endswith(f"bashcompinit\n{bash}")


def test_every_option_of_every_command_is_there(capsys):
    main(["completion", "bash"])
    script = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    helped = capsys.readouterr().out
    options = {word.strip("[],") for word in helped.split() if word.startswith(("--", "[--"))}
    assert "--no-plots" in options
    assert all(option in script for option in options if "." not in option and option != "--")
