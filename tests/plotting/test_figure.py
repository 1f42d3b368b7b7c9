"""Figures: whole, typed as what they are, and shown by a notebook that knows no pyplot."""

import inspect
import io
import pickle
import subprocess
import sys

import pytest
from matplotlib.figure import Figure
from PIL import Image

from mlpzoo import plotting

PLOTS = [name for name in plotting.__all__ if name.startswith("plot_")]


def test_figure_shows_itself_as_its_png():
    shown, saved, packed = (
        plotting.plot_losses({"loss": ([1, 2], [0.1, 0.01])}, title="t") for _ in range(3)
    )
    assert isinstance(shown, Figure)
    file = io.BytesIO()
    saved.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")
    assert shown._repr_png_() == file.getvalue()
    assert pickle.loads(pickle.dumps(packed))._repr_png_() == file.getvalue()


def test_drawing_needs_no_pyplot_which_does_not_take_our_figures_for_its_own():
    code = (
        "import sys; from mlpzoo import plotting; curve = {'loss': ([1, 2], [0.1, 0.01])};"
        "plotting.plot_losses(curve, title='t');"
        "assert 'matplotlib.figure' in sys.modules and 'matplotlib.pyplot' not in sys.modules;"
        "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt;"
        "figure = plotting.plot_losses(curve, title='t');"
        "assert plt.get_fignums() == [] and figure._repr_html_() is None"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_says_that_it_returns_a_figure(name):
    signature = inspect.signature(getattr(plotting, name))
    assert signature.return_annotation == "Figure"
    assert signature.parameters["figure"].default is None


def test_part_of_a_figure_is_saved_with_all_of_it(tmp_path):
    whole = plotting.new_figure(4, 2)
    left, _ = whole.subfigures(1, 2)
    series = {"loss": ([1, 2], [0.1, 0.01])}
    assert plotting.plot_losses(series, title="t", figure=left) is whole
    plotting.save(left, tmp_path / "part.png")
    with Image.open(tmp_path / "part.png") as picture:
        assert picture.size == (4 * plotting.DPI, 2 * plotting.DPI)
