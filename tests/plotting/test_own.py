"""Views of one's own function and table show what an independent computation gives."""

import numpy as np
import pytest
import torch

from mlpzoo import LitSequentialMLP
from mlpzoo.data import ExpressionSamples, TableSamples
from mlpzoo.plotting import Canvas, views

NAMES = ("age in years", "price ($)", "mass ($)")


def module_of(data, out_features=1):
    return LitSequentialMLP(
        in_features=data.in_features, hidden_features=(8,), out_features=out_features,
        activation="tanh", initialization="xavier",
    )  # fmt: skip


def answers(module, x):
    with torch.no_grad():
        return module(torch.as_tensor(x, dtype=torch.float32)).double().numpy()


@pytest.fixture
def table(tmp_path):
    """Write 60 rows, of which every line holds its own number in the third column."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=(60, 2)), np.arange(2, 62) / 30])
    rows = np.column_stack([x, x[:, 0] - 2 * x[:, 1] + 0.3 * rng.normal(size=60)])
    path = tmp_path / "houses.csv"
    np.savetxt(path, rows, fmt="%.6f", delimiter=",", header=",".join([*NAMES, "y"]), comments="")
    return path


def lines_of(path, numbers):
    text = path.read_text().splitlines()
    return np.array([[float(cell) for cell in text[number - 1].split(",")] for number in numbers])


def marked(axes):
    return [int(part) for text in axes.texts for part in text.get_text().split(", ")]


def test_curve_goes_beyond_its_range_and_the_truth_has_a_gap_where_it_is_not_finite():
    data = ExpressionSamples(function="log(x)", ranges=((0.5, 3.0),), test_points=301)
    module = module_of(data)
    above, below = views.function(module, data, Canvas("log(x)")).axes
    truth, network = (line.get_xydata().T for line in above.get_lines())
    assert (truth[0][0], truth[0][-1]) == pytest.approx((0.5 - 0.22 * 2.5, 3 + 0.22 * 2.5))
    real = truth[0] > 1e-3
    np.testing.assert_allclose(truth[1][real], np.log(truth[0][real]), atol=1e-4)
    assert np.isnan(truth[1][truth[0] <= 0]).all()
    np.testing.assert_allclose(network[1], answers(module, network[0][:, None])[:, 0], atol=1e-5)
    error = below.get_lines()[1].get_xdata()
    assert (error[0], error[-1]) == (0.5, 3.0)
    shaded = [patch.get_extents().x0 < patch.get_extents().x1 for patch in above.patches]
    assert shaded == [True, True]


def test_what_is_beyond_a_range_takes_no_more_than_half_of_its_height():
    data = ExpressionSamples(function="exp(x)", ranges=((0.0, 20.0),), test_points=301)
    above = views.function(module_of(data), data, Canvas("")).axes[0]
    low, high = above.get_ylim()
    assert np.exp(20) < high < 1.6 * np.exp(20)
    assert low > -0.6 * np.exp(20)


def test_surface_of_two_ranges_has_its_error_beside_it():
    data = ExpressionSamples(function="x1 * x2", ranges=((0, 1), (-20, 20)), test_points=31)
    module = module_of(data)
    surface, beside = views.function(module, data, Canvas("")).axes[:2]
    assert [axis.get_data_interval()[1] for axis in (surface.xaxis, surface.yaxis)] == [1, 20]
    (image,) = beside.images
    assert [*image.get_extent()] == [0, 1, -20, 20]
    x1, x2 = np.linspace(0, 1, 31)[7], np.linspace(-20, 20, 31)[25]
    off = answers(module, [[x1, x2]])[0, 0] - x1 * x2
    assert image.get_array()[25, 7] == pytest.approx(off, rel=1e-4)


def test_function_of_three_inputs_is_shown_on_its_test_rows_with_where_it_is_worst():
    data = ExpressionSamples(
        function="x1 + x2 * x3", ranges=((0, 1), (0, 2), (-1, 1)), test_points=9
    )
    module = module_of(data)
    figure = views.function(module, data, Canvas("three"))
    x, y = (values.numpy() for values in data.rows_of("test"))
    off = answers(module, x)[:, 0] - (x[:, 0] + x[:, 1] * x[:, 2])
    rmse, r2 = np.sqrt((off**2).mean()), 1 - (off**2).mean() / y.var()
    assert figure.axes[0].get_title() == f"y: RMSE {rmse:.4g}, R2 {r2:.4g}"
    place = ", ".join(f"x{i + 1}={value:.3g}" for i, value in enumerate(x[np.abs(off).argmax()]))
    said = figure.legends[0].get_title().get_text()
    assert " ".join(said.split()) == f"largest error {np.abs(off).max():.4g} at {place}"
    assert {*views.pictures_of(module, data)} == {"residuals", "dependence", "network"}


def test_table_is_shown_on_held_out_rows_and_names_the_lines_of_the_largest_errors(table):
    data = TableSamples(path=str(table))
    module = module_of(data)
    (axes,) = views.table(module, data, Canvas("houses")).axes
    diagonal, points, rings = axes.get_lines()
    np.testing.assert_allclose(*diagonal.get_data())
    held_out = lines_of(table, data.lines[data.test].tolist())
    given = answers(module, held_out[:, :3])[:, 0]
    np.testing.assert_allclose(points.get_xdata(), held_out[:, 3], atol=1e-6)
    np.testing.assert_allclose(points.get_ydata(), given, atol=1e-5)
    worst = lines_of(table, numbers := marked(axes))
    assert len(numbers) == 3
    np.testing.assert_allclose(worst[:, 2], np.array(numbers) / 30, atol=1e-5)
    off = np.abs(answers(module, worst[:, :3])[:, 0] - worst[:, 3])
    np.testing.assert_allclose(np.sort(off), np.sort(np.abs(given - held_out[:, 3]))[-3:], 1e-4)
    np.testing.assert_allclose(np.sort(rings.get_xdata()), np.sort(worst[:, 3]), atol=1e-5)


def test_residuals_are_predicted_less_observed_and_all_are_counted(table):
    data = TableSamples(path=str(table), target=("y", NAMES[2]))
    module = module_of(data, out_features=2)
    figure = views.residuals(module, data, Canvas(""))
    x, y = (values.numpy() for values in data.rows_of("test"))
    given = answers(module, x)
    assert [axes.get_title("left")[:3] for axes in figure.axes[::2]] == ["y: ", "mas"]
    for target, (axes, beside) in enumerate(zip(figure.axes[::2], figure.axes[1::2], strict=True)):
        drawn = axes.get_lines()[1]
        np.testing.assert_allclose(drawn.get_xdata(), given[:, target], atol=1e-5)
        np.testing.assert_allclose(drawn.get_ydata(), (given - y)[:, target], atol=1e-5)
        assert beside.patches[0].get_data().values.sum() == len(y)


def test_dependence_is_the_mean_over_rows_and_what_matters_most_is_first(table):
    data = TableSamples(path=str(table))
    module = LitSequentialMLP(in_features=3, hidden_features=())
    with torch.no_grad():
        linear = module.net.layers[0]
        linear.weight.copy_(torch.tensor([[0.5, -4.0, 0.0]]))
        linear.bias.zero_()
    panels = views.dependence(module, data, Canvas("")).axes
    shown = [axes.get_xlabel().replace("\\", "") for axes in panels]
    assert shown == [NAMES[1], NAMES[0], NAMES[2]]
    rows = data.x[data.train].double().numpy()
    spreads = [float(axes.get_title().split()[-1]) for axes in panels]
    np.testing.assert_allclose(spreads, [4 * rows[:, 1].std(), 0.5 * rows[:, 0].std(), 0], 0.02)
    single, mean, ticks = panels[0].get_lines()
    x, y = mean.get_data()
    assert (x[0], x[-1]) == pytest.approx((rows[:, 1].min(), rows[:, 1].max()), abs=1e-5)
    np.testing.assert_allclose(y, 0.5 * rows[:, 0].mean() - 4 * x, atol=1e-4)
    rows_of_their_own = single.get_ydata().reshape(25, -1)[:, :-1]
    np.testing.assert_allclose(
        np.diff(rows_of_their_own), -4 * np.tile(np.diff(x), (25, 1)), atol=1e-4
    )
    tenths = np.quantile(rows[:, 1], np.arange(11) / 10)
    np.testing.assert_allclose(ticks.get_xdata(), tenths, atol=1e-6)


def test_rows_of_one_input_have_the_curve_over_and_beyond_them(table):
    data = TableSamples(path=str(table), inputs=NAMES[0])
    module = module_of(data)
    over = views.table(module, data, Canvas("t")).axes[0]
    others, tested, curve = over.get_lines()
    assert len(others.get_xdata()) + len(tested.get_xdata()) == 60
    np.testing.assert_allclose(tested.get_xdata(), data.rows_of("test")[0][:, 0])
    x, y = curve.get_data()
    assert x[0] < data.x.min()
    assert x[-1] > data.x.max()
    np.testing.assert_allclose(y, answers(module, x[:, None])[:, 0], atol=1e-5)
    assert over.get_xlabel() == NAMES[0]


def test_inside_of_a_network_is_drawn_with_its_inputs_names_though_the_table_is_gone(table):
    built = TableSamples(path=str(table))
    table.unlink()
    data = TableSamples(**built.arguments)
    module = module_of(data)
    assert {*views.pictures_of(module, data)} == {"residuals", "dependence", "network"}
    texts = [text.get_text() for text in views.network(module, data, Canvas("")).axes[0].texts]
    assert {name.replace("$", r"\$") for name in NAMES} <= {*texts}


def test_table_is_drawn_after_its_scale_was_asked_for_on_another_device(table):
    first = TableSamples(path=str(table))
    data = TableSamples(**first.arguments)
    with torch.device("meta"):  # as where a checkpoint is looked at
        assert data.in_scale == first.in_scale
    points = views.table(module_of(data), data, Canvas("")).axes[0].get_lines()[1]
    held_out = lines_of(table, first.lines[first.test].tolist())
    np.testing.assert_allclose(points.get_xdata(), held_out[:, 3], atol=1e-6)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of numpy
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_has_diverged_is_drawn(table, value):
    data = TableSamples(path=str(table))
    module = module_of(data)
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, value)
    for view in (views.table, views.residuals, views.dependence):
        assert view(module, data, Canvas("t"))._repr_png_()
