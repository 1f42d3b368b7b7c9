"""What the site does itself while Sphinx builds it; an extension, which conf.py names."""

import ast
import re
from collections import defaultdict
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata

import mlpzoo
from mlpzoo.cli import main

log = logging.getLogger(__name__)


def write_reference(app: Sphinx) -> None:
    """Write the pages of the reference, one a room, of the names in `mlpzoo/__init__.pyi`.

    Args:
        app: Sphinx.
    """
    rooms = defaultdict[str, list[str]](list)
    for node in ast.parse(Path(mlpzoo.__file__).with_suffix(".pyi").read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            rooms[node.module.partition(".")[0]] += [name.name for name in node.names]
    for room, names in rooms.items():
        module = f"mlpzoo.{room}"
        others = {*getattr(import_module(module), "__all__", ())} - {*dir(mlpzoo)}
        found = {f"mlpzoo.{name}": getattr(mlpzoo, name) for name in names}
        found |= {f"{module}.{name}": getattr(import_module(module), name) for name in others}
        entries = [entry(name, found[name]) for name in sorted(found, key=lambda n: n.lower())]
        entries.sort(key=lambda text: "autoclass" in text)  # functions first
        head = f"{room}\n{'=' * len(room)}\n\n.. automodule:: {module}\n   :no-members:\n"
        write_changed(app.srcdir / "api" / f"{room}.rst", "\n".join([head, *entries]))


def entry(name: str, found: Any) -> str:
    """Return the directive that documents a function or a class, "" for anything else.

    Args:
        name: Its full name.
        found: What has this name.
    """
    if isfunction(found):
        settings = "(name, **given)" if "args" in found.__annotations__ else ""  # of a ParamSpec
        return f".. autofunction:: {name}{settings}\n"
    if not isclass(found):
        return ""
    options = "   :show-inheritance:\n" if found.__base__ is not object else ""
    if name.endswith("Settings"):  # whose fields are those of their base, too
        options += "   :inherited-members:\n   :undoc-members:\n"
    return f".. autoclass:: {name}\n{options}"


def write_changed(path: Path, text: str) -> None:
    """Write a file, but leave it with its time of change where it has this text.

    Args:
        path: The file; its folder is made.
        text: What it shall hold.
    """
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_pages(app: Sphinx) -> None:
    """Write the pages of shipped networks, which conf.py lists, into the site's folder `pages`.

    Args:
        app: Sphinx.
    """
    if app.builder.format != "html":
        return
    folder = app.outdir / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    for name in app.config.touchable:
        if main(["page", name, "--out", str(folder / f"{name}.html")]):
            log.warning("the page of %s was not written", name)


def untyped(app: Sphinx, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Keep napoleon from taking "what: why", the start of an attribute's docstring, for a type.

    Args:
        app: Sphinx.
        what: The kind of object.
        name: Its full name.
        found: The object.
        options: Of the directive.
        lines: The docstring, which is changed.
    """
    if what in ("attribute", "property"):
        lines[:1] = [f": {line}" for line in lines[:1]]


def check_files(app: Sphinx, exception: Exception | None) -> None:
    """Warn of links to files that the site has not: Sphinx looks at its own links alone.

    Args:
        app: Sphinx.
        exception: What has stopped the build.
    """
    if exception or app.builder.format != "html":
        return
    for page in app.outdir.rglob("*.html"):
        for target in {*re.findall(r'<[^>]* (?:href|src)="([^"#?:]+)["#?]', page.read_text())}:
            if not (page.parent / unquote(target)).exists():
                log.warning("%s links to %s", page, target)


def visit_math(translator: Any, node: nodes.math | nodes.math_block) -> None:
    """Write a formula as MathML, for the browser itself; MathJax would come from another site.

    Args:
        translator: Writes the page.
        node: The formula, in LaTeX.
    """
    block = isinstance(node, nodes.math_block)
    tag = "div" if block else "span"
    text = re.sub(r"frac(\d)(\d)", r"frac{\1}{\2}", node.astext())  # docutils knows no \tfrac12,
    text = re.sub(r"\\(ln|log|exp|sin|cos) +(?=\w)", r"\\\1\\, ", text)  # and writes "lnp"
    try:
        written = tex2mathml(text, as_block=block)
        translator.body.append(f'<{tag} class="math">{written}</{tag}>')
    except MathError as error:
        log.warning("%s: %s", text, error, location=node)
    raise nodes.SkipNode


def setup(app: Sphinx) -> ExtensionMetadata:
    """Take part in the build.

    Args:
        app: Sphinx.
    """
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
    app.add_config_value("touchable", [], "env", list)
    app.connect("builder-inited", write_reference)
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", untyped, priority=400)  # napoleon comes at 500
    app.connect("build-finished", check_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
