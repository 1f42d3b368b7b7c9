import numpy as np
import pytest

from mlpzoo import InputError, get_exercise
from mlpzoo.population.sweep.axes import named, split, typed_axes, values_in

XOR = get_exercise("xor")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5", ("0.5",)),
        ("0.1,1,10", ("0.1", "1", "10")),
        ("2:5", (2, 3, 4, 5)),
        ("-1:1:5", (-1.0, -0.5, 0.0, 0.5, 1.0)),
        ("-1:1:lin:3", (-1.0, 0.0, 1.0)),
        ("0.01:100:log:5", (0.01, 0.1, 1.0, 10.0, 100.0)),
        ("0,1:3,9", ("0", 1, 2, 3, "9")),
        ("2:8:4", (2, 4, 6, 8)),
        ("1:4:log:3", (1, 2, 4)),
        ("1e-300:1e300:log:3", (1e-300, 1.0, 1e300)),
    ],
)
def test_a_text_lists_values(text, values):
    assert values_in(text) == values


def test_the_values_of_a_log_range_have_equal_ratios_and_both_ends():
    values = np.array(values_in("0.001:0.1:log:12"))
    assert (values[0], values[-1], len(values)) == (0.001, 0.1, 12)
    np.testing.assert_allclose(values[1:] / values[:-1], 100 ** (1 / 11), rtol=1e-3)
    assert [f"{value:.4g}" for value in values] == [str(value) for value in values]
    close = values_in("1:1.0001:log:50")
    assert len(set(close)) == 50


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("8", ("8",)),
        ("8,8", ("8,8",)),
        ("(8,8)", ("(8,8)",)),
        ("2x3", ((2, 2, 2),)),
        ("(8),(8,8)", ("(8)", "(8,8)")),
        ("2x1:3", ((2,), (2, 2), (2, 2, 2))),
        ("2:3x4", ((2,) * 4, (3,) * 4)),
        ("2x1,(4,3)", ((2,), "(4,3)")),
    ],
)
def test_networks_are_listed_in_brackets_or_as_units_by_layers(text, values):
    assert values_in(text, "tuple[int, ...]") == values


def test_a_text_is_no_range_where_its_value_is_text_or_pairs():
    assert values_in("0110:0112", "str | None") == ("0110:0112",)
    assert values_in("max(x1, x2)**2", "str") == ("max(x1, x2)**2",)
    assert values_in("sgd, adam", "str") == ("sgd", "adam")
    assert values_in("(1,2),(3,4)", "tuple[tuple[float, float], ...]") == ("(1,2),(3,4)",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.1:1:cubic:5", "a range is low:high:n or low:high:log:n"),
        ("0.1:0.01:log:3", "a range runs from low to high"),
        ("0:1:log:3", "of log from above 0"),
        ("0.1:0.5", "how many values has '0.1:0.5'"),
        ("0:1:1", "a range has 2 to 1000 values"),
        ("0:1:5000", "a range has 2 to 1000 values"),
        ("0:inf:3", "a range runs from low to high"),
    ],
)
def test_what_is_no_range_is_refused_with_its_text(text, message):
    with pytest.raises(InputError, match=message):
        values_in(text)


def test_axes_have_full_names_and_the_types_of_their_settings():
    axes = typed_axes(XOR, {
        "module.LR": ["1e-3", 1], "module.hidden-features": "2x1:2", "recipe": "default,lecture",
    })  # fmt: skip
    assert axes == {
        "module.lr": (0.001, 1.0), "module.hidden_features": ((2,), (2, 2)),
        "recipe": ("default", "lecture"),
    }  # fmt: skip
    assert typed_axes(XOR, {"module.lr": np.array([0.5, 0.25])}) == {"module.lr": (0.5, 0.25)}


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"module.lrr": [1]}, "did you mean 'lr'"),
        ({"module.lr": ["fast"]}, "module.lr must be a number, got 'fast'"),
        ({"module.lr": [0.1, 0.1]}, "module.lr has 0.1 twice"),
        ({"module.lr": []}, "module.lr has no value"),
        ({"module.lr": 0.1}, "must have several values, got 0.1"),
        ({"module.lr": np.array(0.1)}, "must have several values, got 0.1"),
        ({"module.lr": [0.1], "module.LR": [0.2]}, "module.lr is given twice"),
        ({"module.initialization": ["uniform", "Uniform"]}, "has uniform twice"),
        ({"recipe": ["default", "Default"]}, "recipe has default twice"),
        ({"module.hidden_features": "2:x3"}, "units x layers, got '2:x3'"),
        ({"module.hidden_features": "4:8"}, "units x layers, got '4:8'"),
        ({"module.seed": [1, 2]}, "seeds are first_seed and members"),
        ({"max_steps": [1, 2]}, "a sweep goes over module.NAME, data.NAME or recipe"),
        ({"recipe": ["ours"]}, "unknown recipe 'ours'"),
    ],
)
def test_what_a_sweep_cannot_go_over_is_refused(over, message):
    with pytest.raises(InputError, match=message):
        typed_axes(XOR, over)


def test_of_a_command_line_one_value_is_fixed_and_several_differ():
    texts = {"module": {"lr": "0.01", "hidden_features": "2,2", "beta2": "0.9,0.99"}, "data": {}}
    over, fixed = split(XOR, texts)
    assert over == {"module.beta2": "0.9,0.99"}
    assert fixed == {"module": {"lr": "0.01", "hidden_features": "2,2"}, "data": {}}


def test_the_first_axis_is_the_slowest():
    assert named({"a": (1, 2), "b": (3, 4)}) == [
        {"a": 1, "b": 3}, {"a": 1, "b": 4}, {"a": 2, "b": 3}, {"a": 2, "b": 4},
    ]  # fmt: skip
