from dataclasses import dataclass
from typing import ClassVar

import matplotlib.image
import numpy as np
import pytest
import torch
from matplotlib.collections import PathCollection
from matplotlib.transforms import Bbox

import mlpzoo
from mlpzoo import (
    FunctionDataModule,
    InputError,
    LitSequentialMLP,
    get_exercise,
    list_exercises,
    plotting,
)
from mlpzoo.plotting import Canvas, views
from mlpzoo.pretrained.find import find_network
from mlpzoo.training.trainer import evaluate
from scripts.draw_readme import darken, gallery


@pytest.fixture(params=list_exercises(), scope="module")
def drawn(request):
    exercise = get_exercise(request.param)
    data = exercise.data(**({"test_points": 51} if request.param == "minmax" else {}))
    module = exercise.module(data)
    return request.param, exercise.view(module, data, Canvas("a title")), module, data


def test_every_axis_is_labelled_and_the_figure_titled(drawn):
    _, figure, _, _ = drawn
    for axes in figure.axes:
        if hasattr(axes, "_colorbar"):
            assert axes.get_ylabel() == "error"
            continue
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
    assert set(insides) <= {"network", "neurons", "layers"}
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
    assert [axes.get_title() for axes in figure.axes] == [
        "XOR Gate Output, probability", "XOR Gate Output, logit",
    ]  # fmt: skip
    assert [axes.get_zlabel() for axes in figure.axes] == ["probability", "logit"]
    for axes in figure.axes:
        assert len(axes.collections[0].get_array()) == 99 * 99
        points = [entry for entry in axes.collections if isinstance(entry, PathCollection)]
        assert sum(len(entry.get_offsets()) for entry in points) == 4
    logits = module(torch.tensor([[0.0, 1.0], [1.0, 0.0]])).detach().flatten().numpy()
    heights = figure.axes[1].collections[2]._offsets3d[2]  # the two points with target 1
    np.testing.assert_allclose(np.sort(heights), np.sort(logits), atol=1e-4)


def test_minmax_draws_both_heads_and_maps_of_their_errors_with_what_the_colours_mean():
    exercise = get_exercise("minmax")
    data = exercise.data(test_points=31)
    module = exercise.module(data)
    figure = views.heads_surface(module, data, Canvas(""))
    tested = evaluate(exercise, module, data, accelerator="cpu")
    heads, maps = ([axes for axes in figure.axes if bool(axes.images) == drawn and not hasattr(
        axes, "_colorbar")] for drawn in (False, True))  # fmt: skip
    assert [axes.get_title() for axes in heads] == ["max head", "min head"]
    x, truth = data.grid(31)
    errors = (module(x) - truth).detach()
    for column, (head, axes) in enumerate(zip(("max", "min"), maps, strict=True)):
        largest = tested[f"{head}_head_max_error"]
        assert axes.get_title() == f"{head} head, largest error {largest:.4g}"
        (image,) = axes.images
        assert image.colorbar.ax in figure.axes
        low, high = image.get_clim()
        assert -low == high <= largest
        assert image.get_extent() == (0, 100, 0, 100) or list(image.get_extent()) == [0, 100] * 2
        at = int(errors[:, column].abs().argmax())
        column_of, row_of = (round(float(value) / 100 * 30) for value in x[at])
        drawn = image.get_array()[row_of, column_of]  # x1 to the right, x2 upwards
        assert drawn == pytest.approx(float(errors[at, column]), rel=1e-4)


@pytest.mark.parametrize("name", ["sin", "square", "linear"])
def test_error_that_is_written_is_that_of_the_test(name):
    exercise = get_exercise(name)
    data = exercise.data(test_points=3001)
    module = exercise.module(data)
    below = exercise.view(module, data, Canvas("")).axes[1]
    largest = evaluate(exercise, module, data, accelerator="cpu")["max_error"]
    assert below.get_title("right") == f"largest error {largest:.4g} on the test grid"
    if name != "linear":  # which ends with its points
        drawn = np.abs(below.get_lines()[1].get_ydata()).max()
        assert drawn == pytest.approx(largest, rel=1e-6)


@dataclass(kw_only=True, eq=False)
class SquareWave(FunctionDataModule):
    in_features: ClassVar[int] = 1

    low: float = -1.0
    high: float = 1.0
    val_points: int = 101
    test_points: int = 101

    def target(self, x):
        return (torch.sin(40 * x) > 0).float()


class NearlySquareWave(torch.nn.Module):
    def forward(self, x):
        return torch.sigmoid(300 * torch.sin(40 * x))


def test_points_are_added_where_a_curve_is_steep_so_that_no_wall_has_another_error():
    module = LitSequentialMLP(hidden_features=(4,))
    module.net = NearlySquareWave()
    error = views.curve(module, SquareWave(), Canvas("")).axes[1].get_lines()[1]
    walls = np.arange(-12, 13) * np.pi / 40
    for wall in walls[1:-1]:  # each is 1 / 2 off on either side
        near = np.abs(error.get_xdata() - wall) < 0.01
        assert 0.4 < error.get_ydata()[near].max() <= 0.5
        assert -0.4 > error.get_ydata()[near].min() >= -0.5


def test_cells_are_split_at_a_wall_of_a_surface_and_nowhere_else(monkeypatch):
    from tests.published import with_published_weights

    exercise, drawn = get_exercise("xor"), {}
    module = exercise.module()
    with_published_weights(module.net)
    monkeypatch.setattr(plotting, "plot_surfaces", lambda *a, **b: drawn.update(arrays=a))
    views.probability_surface(module, exercise.data(), Canvas(""))
    x1, x2, surfaces = drawn["arrays"]
    heights, width = surfaces["XOR Gate Output, probability"], 99 * np.ptp(x1, axis=1)
    np.testing.assert_allclose((np.ptp(x1, axis=1) * np.ptp(x2, axis=1)).sum(), 1)  # no gap
    assert set(width.round(6)) == {1, 0.5, 0.25, 0.125}
    assert np.ptp(heights, axis=1)[width > 0.2].max() < 0.15
    at = torch.tensor(np.stack([x1, x2], axis=-1).reshape(-1, 2), dtype=torch.float32)
    right = torch.sigmoid(module(at)).detach().numpy().reshape(-1, 4)
    np.testing.assert_allclose(heights, right, atol=1e-6)


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
    sign = "-" if bias < 0 else "+"
    assert f"network: y = {weight:.4f} x {sign} {abs(bias):.4f}" in labels


@pytest.mark.skipif(
    matplotlib.__version_info__ < (3, 10), reason="the README's pictures are of a newer one"
)
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


def test_losses_mark_the_bar_and_none_hides_another():
    line = ([100, 200, 300], [0.6, 0.3, 0.02])
    levels = get_exercise("xor").solved_at
    assert levels == {"solved: bce < 0.01": 0.01}
    figure = plotting.plot_losses({"train_loss": line, "val_bce": line}, title="t", levels=levels)
    (axes,) = figure.axes
    lines = {entry.get_label(): entry for entry in axes.get_lines()}
    above, below = lines["val_bce"], lines["train_loss"]
    assert above.get_zorder() > below.get_zorder()
    assert below.get_linewidth() > 2 * above.get_linewidth()
    assert (above.get_color(), below.get_color()) == (plotting.MODEL, plotting.ERROR)
    assert set(lines["solved: bce < 0.01"].get_ydata()) == {0.01}
    assert axes.get_ylim()[0] < 0.01
    assert {text.get_text() for text in axes.get_legend().get_texts()} == set(lines)
    assert all(tick == round(tick) for tick in axes.get_xticks())


def test_single_value_is_seen_below_another_and_steps_are_whole():
    series = {"train_loss": ([10], [1e-12]), "val_max_error": ([10], [1e-5])}
    (axes,) = plotting.plot_losses(series, title="t").axes
    assert all(line.get_marker() == "o" for line in axes.get_lines())
    above, below = (line.get_markersize() for line in reversed(axes.get_lines()[:2]))
    assert max(above, below) > min(above, below)
    assert all(tick == round(tick) for tick in axes.get_xticks())


def test_bars_on_what_is_monitored_are_those_of_its_columns_too():
    found = {name: get_exercise(name).solved_at for name in ("minmax", "perceptron", "linear")}
    assert found == {
        "minmax": {"solved: max_error < 0.15": 0.15},
        "perceptron": {"solved: accuracy >= 1": 1},
        "linear": {"solved: coefficient_error <= 0.001": 0.001},
    }


def test_loss_that_diverges_is_drawn_on_a_logarithmic_scale():
    series = {"loss": ([1, 2, 3, 4], [1.0, 1e9, float("inf"), float("nan")])}
    assert plotting.plot_losses(series, title="t").axes[0].get_yscale() == "log"


@pytest.mark.parametrize(
    ("recipe", "limit", "rate"),  # the Hessian's eigenvalues, and those of the default's 100 points
    [("lecture", 2 / 172.70298, 0.001), ("default", None, 0.3)],
)
def test_descent_is_that_of_the_run(recipe, limit, rate):
    exercise = get_exercise("linear")
    data = exercise.data(recipe=recipe)
    module = exercise.module(data, recipe=recipe)
    if limit is None:  # twice the mean of u u' with u = (x / 10, 1)
        inputs = torch.cat([data.x.double() / 10, torch.ones(100, 1)], dim=1)
        limit = 2 / torch.linalg.eigvalsh(2 * inputs.T @ inputs / 100)[-1].item()
    figure = exercise.pictures["descent"](module, data, Canvas("linear"))
    assert f"= {limit:.4g}" in figure.get_suptitle()
    assert ("x scaled to [-1, 1]" in figure.get_suptitle()) == (recipe == "default")
    assert figure.axes[0].get_title() == f"this run, {rate / limit:.3g} of the limit: {rate:.5g}"
    path = figure.axes[0].get_lines()[0].get_xydata()
    weight, bias = module.net.parameters()
    with torch.no_grad():
        weight.fill_(path[0][0]), bias.fill_(path[0][1])
    optimizer = torch.optim.SGD([weight, bias], lr=rate)
    for expected in path[1:5]:  # the steps that the run would take from there
        optimizer.zero_grad()
        module.losses(module(data.x), data.y)["loss"].backward()
        optimizer.step()
        np.testing.assert_allclose([weight.item(), bias.item()], expected, rtol=1e-4)


@pytest.mark.parametrize("finished", [False, True])
def test_descent_with_another_optimizer_or_none_names_no_rate_of_the_run(finished):
    exercise = get_exercise("linear")
    data = exercise.data()
    module = exercise.module(data, optimizer="adam", lr=0.5)
    if finished:
        module, data = find_network("linear").module, find_network("linear").data
    figure = exercise.pictures["descent"](module, data, Canvas("linear"))
    assert figure.axes[0].get_title().startswith("a tenth of the limit: ")


def test_losses_use_a_logarithmic_scale_and_skip_it_where_nothing_is_above_0():
    figure = plotting.plot_losses({"loss": ([1, 2], [0.1, 0.001])}, title="t")
    assert figure.axes[0].get_yscale() == "log"
    figure = plotting.plot_losses({"loss": ([1, 2], [0.0, 0.0])}, title="t")
    assert figure.axes[0].get_yscale() == "linear"


def test_logit_surface_is_exact_for_large_logits():
    from tests.published import LOGITS, with_published_weights

    exercise = get_exercise("xor")
    module = exercise.module()
    with_published_weights(module.net)
    figure = views.probability_surface(module, exercise.data(), Canvas("xor"))
    points = [c for c in figure.axes[1].collections if isinstance(c, PathCollection)]
    heights = np.sort(np.concatenate([entry._offsets3d[2] for entry in points]))
    np.testing.assert_allclose(heights, np.sort(LOGITS), atol=1e-3)


@pytest.mark.filterwarnings("ignore:constrained_layout not applied")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of matplotlib, which still draws
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_network_that_has_diverged_is_drawn(value):
    exercise = get_exercise("xor")
    module, data = exercise.module(), exercise.data()
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, value)
    for view in (exercise.view, views.neurons, views.network):
        assert view(module, data, Canvas("t"))._repr_png_()
    with pytest.raises(InputError, match="not finite; there is no plane"):
        views.layers(module, data, Canvas("t"))


def test_curve_that_is_no_line_is_not_taken_for_one():
    with pytest.raises(InputError, match="no hidden layer"):
        views.line_of(LitSequentialMLP(hidden_features=(4,)))
