"""The notebooks of the lessons as files: what each holds, and that its solutions are right."""

import ast
import json
from pathlib import Path

import pytest

import mlpzoo
from mlpzoo.lessons import CHAPTERS

FOLDER = Path(__file__).parents[2] / "docs/lessons"
SLUGS = {f"{n:02d}-{name.replace('_', '-')}": name for n, name in enumerate(CHAPTERS, start=1)}
INSTALL = (
    "try:\n    import mlpzoo\nexcept ImportError:\n    %pip install -q mlpzoo\n    import mlpzoo"
)
OPEN = "Put your answer in place of the three dots."

notebooks = pytest.mark.parametrize("slug", sorted(path.stem for path in FOLDER.glob("*.ipynb")))


def read(slug):
    return json.loads((FOLDER / f"{slug}.ipynb").read_text())


def source(cell):
    return "".join(cell["source"])


def tagged(cells, *tags):
    return [cell for cell in cells if {*tags} & {*cell["metadata"].get("tags", [])}]


def run(code, names):
    """Run a cell as a notebook does, and return its last value."""
    *first, last = ast.parse(code).body
    exec(compile(ast.Module(first, []), "cell", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    exec(compile(ast.Module([last], []), "cell", "exec"), names)
    return None


def test_there_is_a_notebook_of_each_chapter():
    assert [path.stem for path in sorted(FOLDER.glob("*.ipynb"))] == [*SLUGS]


@notebooks
def test_it_holds_no_outputs_and_installs_first(slug):
    book = read(slug)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert source(code[0]) == INSTALL
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    title = source(book["cells"][0])
    assert title.startswith("# ")


@notebooks
def test_its_two_exercises_are_open_and_their_solutions_right(slug):
    cells = read(slug)["cells"]
    assert [tags for cell in tagged(cells, "solution") for tags in cell["metadata"]["tags"]] == [
        "hide-cell", "solution", "hide-cell", "solution",
    ]  # fmt: skip
    order = [cell["metadata"]["tags"][-1] for cell in tagged(cells, "exercise", "solution")]
    assert order == ["exercise", "solution", "exercise", "solution"]
    for number, cell in enumerate(tagged(cells, "exercise"), start=1):
        assert f'mlpzoo.check("{SLUGS[slug]}-{number}", ' in source(cell)


@notebooks
def test_its_cells_run_without_a_word_and_say_what_they_should(slug, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"mlpzoo": mlpzoo}
    _, *code = (cell for cell in read(slug)["cells"] if cell["cell_type"] == "code")
    for cell in code:
        value = run(source(cell), names)
        if tagged([cell], "exercise"):
            assert (bool(value), str(value)) == (False, OPEN)
        elif tagged([cell], "solution"):
            assert str(value) == "Right."
        for shown in ("_repr_html_", "_repr_png_", "_repr_mimebundle_"):
            getattr(value, shown, str)()
        assert capfd.readouterr().err == "", source(cell)
