import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
import torch
from matplotlib.collections import PathCollection
from matplotlib.transforms import Bbox

import mlpzoo
from mlpzoo import get_exercise, list_exercises, plotting
from mlpzoo.plotting import Canvas, views
from scripts.draw_readme import darken, gallery


@pytest.fixture(params=list_exercises(), scope="module")
def drawn(request):
    exercise = get_exercise(request.param)
    data = exercise.data()
    module = exercise.module(data)
    return request.param, exercise.view(module, data, Canvas("a title")), module, data


def test_every_axis_is_labelled_and_the_figure_titled(drawn):
    _, figure, _, _ = drawn
    for axes in figure.axes:
        on_top_of_shared = axes.get_ylabel() == "y" and len(figure.axes) == 2
        assert axes.get_xlabel() or on_top_of_shared
        assert axes.get_ylabel()
        assert not hasattr(axes, "get_zlabel") or axes.get_zlabel()
    titles = [figure.get_suptitle()] + [
        axes.get_title(loc) for axes in figure.axes for loc in ("left", "center")
    ]
    assert any("a title" in title for title in titles)


def test_drawing_does_not_change_the_module(drawn):
    name, _, module, data = drawn
    before = {key: value.clone() for key, value in module.state_dict().items()}
    module.train()
    get_exercise(name).view(module, data, Canvas("again"))
    assert module.training
    for key, value in module.state_dict().items():
        assert torch.equal(value, before[key])
        assert value.dtype == before[key].dtype


def test_a_view_draws_on_the_part_that_it_is_given_and_returns_the_whole(drawn):
    name, _, module, data = drawn
    whole = plotting.new_figure(8, 4)
    left, right = whole.subfigures(1, 2)
    for detail in (True, False):
        assert get_exercise(name).view(module, data, Canvas("t", left, detail)) is whole
    assert left.get_axes()
    assert not right.get_axes()


def test_insides_suit_their_networks_are_public_and_fit_for_a_dark_page(drawn):
    name, _, module, data = drawn
    insides = views.pictures_of(module, data)
    hidden = [part for part in module.net.modules() if isinstance(part, torch.nn.Linear)][:-1]
    assert set(insides) <= set(views.INSIDE)
    assert "network" in insides
    assert ("neurons" in insides) == bool(hidden)  # all of ours have one input or two
    assert ("layers" in insides) == (name == "xor")
    for kind, view in {**insides, **get_exercise(name).pictures}.items():
        assert callable(getattr(mlpzoo, f"plot_{kind}"))
        figure = darken(view(module, data, Canvas("t")))
        assert figure.get_facecolor()[:3] < (0.1, 0.1, 0.1)
        assert figure.axes
        for axes in figure.axes:
            assert not any(text.get_color() in ("black", "k") for text in axes.texts)


def test_curve_shows_network_truth_and_their_difference():
    exercise = get_exercise("sin")
    data = exercise.data()
    module = exercise.module(data)
    above, below = views.curve(module, data, Canvas("")).axes
    truth, network = above.get_lines()
    x = truth.get_xdata()
    assert (x[0], x[-1]) == (-10, 10)
    np.testing.assert_allclose(truth.get_ydata(), np.sin(x), atol=1e-6)
    column = torch.tensor(x, dtype=torch.float32).unsqueeze(1)
    np.testing.assert_allclose(network.get_ydata(), module(column).detach().flatten(), atol=1e-6)
    error = below.get_lines()[1].get_ydata()
    np.testing.assert_allclose(error, network.get_ydata() - truth.get_ydata(), atol=1e-6)


def test_xor_draws_probability_and_logit_on_100_by_100_with_the_four_points():
    exercise = get_exercise("xor")
    module = exercise.module()
    figure = views.probability_surface(module, exercise.data(), Canvas(""))
    assert [axes.get_title() for axes in figure.axes] == ["probability", "logit"]
    for axes in figure.axes:
        assert len(axes.collections[0].get_array()) == 99 * 99
        points = [entry for entry in axes.collections if isinstance(entry, PathCollection)]
        assert sum(len(entry.get_offsets()) for entry in points) == 4
    logits = module(torch.tensor([[0.0, 1.0], [1.0, 0.0]])).detach().flatten().numpy()
    heights = figure.axes[1].collections[2]._offsets3d[2]  # the two points with target 1
    np.testing.assert_allclose(np.sort(heights), np.sort(logits), atol=1e-4)


def test_minmax_draws_both_heads_and_their_errors():
    exercise = get_exercise("minmax")
    figure = views.heads_surface(exercise.module(), exercise.data(), Canvas(""))
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == ["max head", "min head", "max head, error", "min head, error"]


def test_separating_line_is_where_the_unit_changes():
    exercise = get_exercise("perceptron")
    module = exercise.module()
    with torch.no_grad():
        module.net.linear.weight.copy_(torch.tensor([[0.5, 0.5]]))
        module.net.linear.bias.fill_(-0.25)
    (axes,) = views.separating_line(module, exercise.data(gate="or"), Canvas("")).axes
    (line,) = (c for c in axes.collections if c.get_edgecolor().size and len(c.get_paths()) == 1
               and not isinstance(c, PathCollection))  # fmt: skip
    vertices = line.get_paths()[0].vertices
    np.testing.assert_allclose(0.5 * vertices.sum(axis=1), 0.25, atol=1e-6)


def test_fit_writes_the_learned_line():
    exercise = get_exercise("linear")
    data = exercise.data(recipe="lecture")
    module = exercise.module(data, recipe="lecture")
    weight, bias = (p.item() for p in module.net.parameters())
    assert views.line_of(module) == pytest.approx((weight, bias), abs=1e-6)
    legend = views.fitted_line(module, data, Canvas("")).axes[0].get_legend()
    labels = [text.get_text() for text in legend.get_texts()]
    assert f"network: y = {weight:.4f} x {bias:+.4f}" in labels


def test_gallery_draws_every_exercise_for_a_page_of_838_pixels(tmp_path):
    entries = [(get_exercise(name), get_exercise(name).module(), get_exercise(name).data())
               for name in list_exercises()]  # fmt: skip
    figure = gallery(entries)
    plotting.save(figure, tmp_path / "new" / "gallery.png")
    pixels = matplotlib.image.imread(tmp_path / "new" / "gallery.png")
    assert pixels.shape[1] > 1.5 * 838
    assert pixels[..., :3].std() > 0.1
    sizes = {text.get_fontsize() for text in figure.findobj(matplotlib.text.Text)}
    assert min(sizes) * 838 / (72 * figure.get_figwidth()) > 10  # pixels on the page
    for place, (exercise, _, _) in zip(figure.subfigs, entries, strict=True):
        drawn = Bbox.union([axes.get_tightbbox() for axes in place.get_axes()])
        assert place.bbox.padded(5).count_contains([drawn.min, drawn.max]) == 2, exercise.name
    heads = figure.subfigs[list_exercises().index("minmax")]
    width = Bbox.union([axes.get_tightbbox() for axes in heads.get_axes()]).width
    assert width > 0.85 * heads.bbox.width


def test_losses_use_a_logarithmic_scale_and_skip_it_where_nothing_is_above_0():
    figure = plotting.plot_losses({"loss": ([1, 2], [0.1, 0.001])}, title="t")
    assert figure.axes[0].get_yscale() == "log"
    figure = plotting.plot_losses({"loss": ([1, 2], [0.0, 0.0])}, title="t")
    assert figure.axes[0].get_yscale() == "linear"


def test_drawing_needs_no_pyplot():
    code = (
        "import sys; from mlpzoo import plotting;"
        "plotting.plot_losses({'loss': ([1, 2], [0.1, 0.01])}, title='t');"
        "assert 'matplotlib.figure' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_logit_surface_is_exact_for_large_logits():
    from tests.published import LOGITS, with_published_weights

    exercise = get_exercise("xor")
    module = exercise.module()
    with_published_weights(module.net)
    figure = views.probability_surface(module, exercise.data(), Canvas("xor"))
    points = [c for c in figure.axes[1].collections if isinstance(c, PathCollection)]
    heights = np.sort(np.concatenate([entry._offsets3d[2] for entry in points]))
    np.testing.assert_allclose(heights, np.sort(LOGITS), atol=1e-3)


def test_curve_that_is_no_line_is_not_taken_for_one():
    from mlpzoo import InputError, LitSequentialMLP

    with pytest.raises(InputError, match="no hidden layer"):
        views.line_of(LitSequentialMLP(hidden_features=(4,)))
