"""One HTML file that holds all it needs: styles, scripts, data. It asks the network for nothing."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import mlpzoo
from mlpzoo.checks import InputError, cause
from mlpzoo.files import write_whole

MOST_BYTES = 1_500_000  # of a page
_FRAME = 720  # pixels: the height of a page in a notebook
JS = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "([^"]+)";\n', flags=re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", flags=re.MULTILINE)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; base-uri \
'none'; form-action 'none'; style-src '{style_hash}'; script-src '{script_hash}'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main id="page"><noscript>This page needs JavaScript.</noscript></main>
<script type="application/json" id="data">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


@dataclass(frozen=True, repr=False)
class Page:
    """A page: one HTML file that needs nothing else. In a notebook it shows itself.

    Attributes:
        title: Plain text.
        data: All that it shows, as plain data.
        file: Where it is written if nothing else is said.
    """

    title: str
    data: Mapping[str, Any]
    file: Path = Path("page.html")

    @cached_property
    def html(self) -> str:
        """The whole file as text."""
        shown = {"title": self.title, "version": mlpzoo.__version__, **self.data}
        return as_html(self.title, shown)

    def write(self, path: str | Path | None = None) -> Path:
        """Write the file whole and return its path.

        Args:
            path: The file, which is replaced if it is there; its folder must exist. None for
                `file`.

        Raises:
            InputError: It cannot be written.
        """
        path, content = self.file if path is None else Path(path), self.html.encode()
        try:
            write_whole(path, content)
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL
            raise InputError(f"cannot write {path}: {cause(error)}; choose another file") from error
        return path

    def __repr__(self) -> str:
        return f"Page({self.title!r}, {len(self.html.encode()) / 1000:.0f} kB)"

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.html)}" width="100%" height="{_FRAME}" '
            'sandbox="allow-scripts" style="border: 0"></iframe>'
        )


def as_html(title: str, data: Mapping[str, Any]) -> str:
    """Return a page as one HTML file.

    Its policy lets a browser run this one script and load nothing, whatever the data hold.
    Characters that UTF-8 has not, as in file names that are no text, become question marks.

    Args:
        title: Plain text.
        data: What `js/main.js` draws: finite numbers, text, lists and mappings of them.
    """
    style, script = (JS / "style.css").read_text(encoding="utf-8"), script_of("main.js")
    return _PAGE.format(
        title=escape(title.encode(errors="replace").decode()),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data=as_script_data(data),
    )


def as_script_data(data: Mapping[str, Any]) -> str:
    r"""Return data as JSON that cannot end the element it stands in, whatever text it holds.

    Args:
        data: As JSON takes it.

    Example:
        >>> as_script_data({"name": "</script>"})
        '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def script_of(name: str) -> str:
    """Return a module with all that it imports as one script: each module becomes a function.

    A module imports with `import { a, b } from "./file.js";` and exports functions, constants and
    classes where it declares them.

    Args:
        name: Its path under `js`.
    """
    done: dict[str, str] = {}
    _collect((JS / name).resolve(), done)
    return "const modules = {};\n" + "".join(done.values())


def _collect(path: Path, done: dict[str, str]) -> None:
    """Add a module to those done, behind those that it imports."""
    text, name = path.read_text(encoding="utf-8"), path.relative_to(JS).as_posix()
    if name in done:
        return
    for _, other in _IMPORT.findall(text):
        _collect((path.parent / other).resolve(), done)

    def look_up(found: re.Match[str]) -> str:
        other = (path.parent / found[2]).resolve().relative_to(JS).as_posix()
        return f'const {found[1].replace(" as ", ": ")} = modules["{other}"];\n'

    names = ", ".join(exported for _, exported in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(look_up, text))
    done[name] = f'modules["{name}"] = (() => {{\n{body}return {{ {names} }};\n}})();\n'


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
