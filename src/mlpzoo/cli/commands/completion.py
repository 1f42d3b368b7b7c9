"""Print a script that completes command lines in bash, zsh or fish."""

import argparse
from shlex import quote

from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.exercises import list_exercises
from mlpzoo.pretrained.manifest import list_pretrained

EPILOG = """\
bash: eval "$(mlpzoo completion bash)" in ~/.bashrc; zsh: eval "$(mlpzoo completion zsh)" in
~/.zshrc; fish: mlpzoo completion fish > ~/.config/fish/completions/mlpzoo.fish. The script knows
the names that there were when it was printed; the Tab key starts no Python."""

_ZSH = """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
autoload -Uz bashcompinit && bashcompinit
"""
_BASH = """\
_mlpzoo() {{
    local IFS=$'\\n' words= options= files=yes command=
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    if (( COMP_CWORD > 1 )); then command=${{COMP_WORDS[1]}}; fi
    case $command,$before in
{cases}
    esac
    if [[ $word == -* ]]; then words=$options files=; fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    if [[ $files ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
}}
complete -o filenames -F _mlpzoo mlpzoo
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mlpzoo completion`."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(*, shell: str) -> int:
    """Print the script."""
    print(_fish() if shell == "fish" else f"{_ZSH * (shell == 'zsh')}{_bash()}", end="")
    return PASSED


def _actions() -> dict[str, list[argparse.Action]]:
    """Return the arguments of each command, and under "" those in front of it."""
    from mlpzoo.cli.parser import build_parser

    parser = build_parser()
    commands = next(a.choices for a in parser._actions if isinstance(a.choices, dict))
    return {"": parser._actions, **{name: each._actions for name, each in commands.items()}}


def _values(action: argparse.Action) -> list[str]:
    """Return what an argument may be, as far as it can be listed."""
    if action.choices is not None:
        return list(map(str, action.choices))
    if action.option_strings or action.metavar not in ("NAME", "NETWORK"):
        return []
    every = ["all"] if "all" in str(action.help).split() else []
    shipped = list_pretrained() if action.metavar == "NETWORK" else []
    return [*sorted({*list_exercises(), *shipped}), *every]


def _takes_file(action: argparse.Action) -> bool:
    return action.metavar == "NETWORK" or not _values(action)


def _bash() -> str:
    cases = []
    for name, own in _actions().items():
        places = [each for each in own if not each.option_strings]
        words = {f"{name},*": [value for each in places for value in _values(each)]}
        files = {f"{name},*"} if any(map(_takes_file, places)) else set()
        for each in own:
            if each.option_strings and each.nargs != 0:
                pattern = "|".join(f"{name},{option}" for option in each.option_strings)
                words = {pattern: _values(each), **words}
                files |= {pattern} if _takes_file(each) else set()
        options = quote("\n".join(option for each in own for option in each.option_strings))
        cases += [
            f"        {pattern}) words={quote(chr(10).join(listed))} options={options} "
            f"files={'yes' * (pattern in files)} ;;"
            for pattern, listed in words.items()
        ]
    return _BASH.format(cases="\n".join(cases))


def _fish() -> str:
    lines = []
    for name, own in _actions().items():
        seen = f"__fish_seen_subcommand_from {name}" if name else "__fish_use_subcommand"
        for each in own:
            spelt = [f"-l {o[2:]}" if o[1] == "-" else f"-s {o[1]}" for o in each.option_strings]
            words = [f"-a {quote(' '.join(_values(each)))}"] if _values(each) else []
            only = [] if _takes_file(each) else ["-f"]
            value = ["-r"] if spelt and each.nargs not in (0, "?") else []
            said = [f"-d {quote(each.help)}"] if spelt and each.help else []
            parts = ["complete -c mlpzoo", f"-n {quote(seen)}", *spelt, *value, *only, *words]
            lines.append(" ".join([*parts, *said]))
    return "\n".join([*lines, ""])
