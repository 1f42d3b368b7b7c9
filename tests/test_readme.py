import re
from pathlib import Path

import pytest

from mlpzoo import exercises

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", ["README.md", "docs/own-exercises.md", "docs/proof.md"])
def test_python_of_a_page_runs_as_written(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(exercises, "_registered", {})
    (snippet,) = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)
    exec(compile(snippet, page, "exec"), {})


def test_readme_test_command_is_the_one_that_ci_takes_from_it():
    commands = [
        line for line in README.splitlines() if line.startswith("python3 -m venv .venv && ")
    ]
    assert len(commands) == 2
    assert commands[0].endswith(".venv/bin/mlpzoo train all")
    assert commands[1].endswith(".venv/bin/pytest")


def test_readme_links_point_to_files():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
