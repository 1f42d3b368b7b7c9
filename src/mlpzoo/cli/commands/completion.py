"""Print a script that completes command lines in bash, zsh or fish."""

import argparse
from contextlib import suppress
from shlex import quote

from mlpzoo.checks import InputError
from mlpzoo.cli.exit_codes import PASSED
from mlpzoo.exercises import get_exercise, known_exercises, list_exercises
from mlpzoo.exercises.declared import arguments_of
from mlpzoo.pretrained.manifest import list_pretrained
from mlpzoo.training.many import SweepSettings
from mlpzoo.training.settings import options

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
    case $command in
{options}
    esac
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
    with_dotted = {name: [*each._actions, *_dotted(name, each)] for name, each in commands.items()}
    return {"": parser._actions, **with_dotted}


def _dotted(command: str, parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the arguments of data and module that a command takes, of all its exercises."""
    both, data = (parser.get_default(name) is not None for name in ("dotted", "data"))
    listed, spelt = list_exercises(), set[str]()
    for name in known_exercises() if both or data else ():
        if (name in listed) == (command != "fit"):
            with suppress(InputError):  # of another package, which may be broken
                known = arguments_of(get_exercise(name))
                spelt |= {f"--{g}.{n}" for g in known if both or g == "data" for n in known[g]}
    return [argparse.Action([name], name, metavar="FILE") for name in sorted(spelt)]


def _values(action: argparse.Action) -> list[str]:
    """Return what an argument may be, as far as it can be listed."""
    if action.choices is not None:
        return list(map(str, action.choices))
    if action.option_strings:
        checks = [each.metadata["check"] for each in options(SweepSettings)
                  if each.name == action.dest]  # fmt: skip
        return [
            name for check in checks for name in getattr(check, "keywords", {}).get("names", [])
        ]
    if action.metavar not in ("NAME", "NETWORK"):
        return []
    every = ["all"] if "all" in str(action.help).split() else []
    shipped = list_pretrained() if action.metavar == "NETWORK" else []
    return [*sorted({*list_exercises(), *shipped}), *every]


def _takes_file(action: argparse.Action) -> bool:
    if action.option_strings:
        return action.metavar in ("DIR", "FILE", "PATH", "RUN", "W")
    return action.metavar == "NETWORK" or not _values(action)


def _bash() -> str:
    options, cases = [], []
    for name, own in _actions().items():
        spelt = "\n".join(option for each in own for option in each.option_strings)
        options.append(f"        {quote(name)}) options={quote(spelt)} ;;")
        after: dict[str, list[str]] = {}
        for each in own:
            if each.option_strings and each.nargs != 0:
                offer = _offer(_values(each), files=_takes_file(each))
                after.setdefault(offer, []).extend(f"{name},{o}" for o in each.option_strings)
        cases += [f"        {'|'.join(patterns)}) {offer} ;;" for offer, patterns in after.items()]
        places = [each for each in own if not each.option_strings]
        words = [value for each in places for value in _values(each)]
        offer = _offer(words, files=any(map(_takes_file, places)))
        cases.append(f"        {name},*) {offer} ;;")
    return _BASH.format(options="\n".join(options), cases="\n".join(cases))


def _offer(words: list[str], *, files: bool) -> str:
    return f"words={quote(chr(10).join(words))} files={'yes' * files}"


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
