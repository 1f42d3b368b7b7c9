import inspect
import pickle
from collections import UserList
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from mlpzoo import (
    BatchStream,
    FunctionDataModule,
    GateDataModule,
    InputError,
    LinearDataModule,
    MinMaxDataModule,
    SinDataModule,
    SquareDataModule,
    XORDataModule,
    get_exercise,
    list_exercises,
)
from mlpzoo.data.base import MOST_ROWS
from mlpzoo.data.sampling import (
    SAMPLE_ROWS,
    SAMPLINGS,
    latin_hypercube,
    normal,
    splitmix64,
    uniform,
)

FUNCTIONS = [SquareDataModule, SinDataModule, MinMaxDataModule]
TRUTH = {
    "and": [0, 0, 0, 1],
    "or": [0, 1, 1, 1],
    "xor": [0, 1, 1, 0],
    "nand": [1, 1, 1, 0],
    "nor": [1, 0, 0, 0],
    "xnor": [1, 0, 0, 1],
}


def test_splitmix64_gives_the_published_sequence():
    gamma = 0x9E3779B97F4A7C15 - 2**64
    states = torch.tensor(1234567) + gamma * torch.arange(5)
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [value % 2**64 for value in splitmix64(states).tolist()] == expected


def test_uniform_numbers_are_uniform_over_many_seeds_and_steps():
    values = torch.cat([uniform(seed, torch.arange(30), 100).flatten() for seed in range(30)])
    assert 0 <= values.min() < values.max() < 1
    counts = torch.histc(values, bins=50, min=0, max=1)
    expected = len(values) / 50
    assert ((counts - expected) ** 2 / expected).sum() < 85.4  # chi-square, 49 degrees, p = 0.001


def test_uniform_draws_of_neighbours_are_uncorrelated():
    seeds = torch.cat([uniform(seed, torch.tensor([0]), 2000) for seed in range(20)])
    steps = uniform(0, torch.arange(20), 2000)
    for draws in (seeds, steps):
        off_diagonal = torch.corrcoef(draws) - torch.eye(20)
        assert off_diagonal.abs().max() < 0.1  # over four standard errors


def test_normal_numbers_have_the_moments_of_the_normal_distribution():
    z = normal(3, torch.tensor([1]), 100_000)
    assert abs(z.mean()) < 0.012
    assert abs(z.square().mean() - 1) < 0.02
    assert abs(z.pow(4).mean() - 3) < 0.12


def test_latin_hypercube_has_one_point_in_each_stratum():
    points = latin_hypercube(0, torch.tensor([5]), 50, 3)[0]
    strata = (points * 50).floor().clamp(max=49).sort(dim=0).values
    assert torch.equal(strata, torch.arange(50.0).unsqueeze(1).expand(50, 3))


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_gate_is_its_truth_table_in_the_lectures_order(name):
    x, y = GateDataModule(gate=name).train_batch(0)
    assert x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.flatten().tolist() == TRUTH[name]


def test_xor_is_1_exactly_where_the_inputs_differ():
    data = XORDataModule()
    assert isinstance(data, GateDataModule)
    x, y = data.train_batch(0)
    assert torch.equal(y.flatten().bool(), x[:, 0] != x[:, 1])


def test_gate_rows_come_in_turn_where_the_batch_is_one_row():
    data = GateDataModule(gate="and", batch_size=1)
    rows = [data.train_batch(step)[0].flatten().tolist() for step in range(5)]
    assert rows == [[0, 0], [0, 1], [1, 0], [1, 1], [0, 0]]


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("data_class", FUNCTIONS)
def test_batch_is_a_pure_function_of_seed_and_step(data_class, sampling):
    def batch(seed, step):
        return data_class(seed=seed, sampling=sampling).train_batch(step)[0]

    warm = data_class(seed=4, sampling=sampling)
    for step in (3, 900, 1):
        warm.train_batch(step)
    assert torch.equal(warm.train_batch(17)[0], batch(4, 17))
    assert not torch.equal(batch(4, 17), batch(4, 18))
    assert not torch.equal(batch(4, 17), batch(5, 17))


def test_even_rows_are_equally_far_apart_and_elsewhere_in_each_step():
    data = MinMaxDataModule(sampling="even", batch_size=12)
    first, second = (data.train_batch(step)[0].sort(dim=0).values for step in range(2))
    gaps = first[1:].diff(dim=0)[:-1]
    torch.testing.assert_close(gaps, torch.full_like(gaps, 10.0))
    assert first[0].tolist() == [0, 0]
    assert first[-1].tolist() == [100, 100]
    assert (first[1] - second[1]).abs().min() > 0.01


def test_batches_grow_as_they_are_told_to_and_are_those_of_their_size_alone():
    data = SinDataModule(growth=((2, 10), (3, 20), (1, 90)), batch_size=40)
    assert [data.stage(step)[0] for step in range(7)] == [10, 10, 20, 20, 20, 40, 40]
    for step in range(7):
        x, y = data.train_batch(step)
        assert torch.equal(x, SinDataModule(batch_size=len(x)).train_batch(step)[0])
        assert x.shape == y.shape == (data.stage(step)[0], 1)


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("data_class", FUNCTIONS)
def test_last_bit_of_a_batch_does_not_depend_on_its_block(data_class, sampling):
    for rows in range(3, 70, 4):
        data = data_class(sampling=sampling, batch_size=rows)
        block = zip(*data.train_block(torch.arange(7)), strict=True)
        for step, (x, y) in enumerate(block):
            alone = data.train_batch(step)
            assert torch.equal(x, alone[0])
            assert torch.equal(y, alone[1])


@pytest.mark.parametrize("data_class", FUNCTIONS)
def test_drawing_leaves_global_random_state_alone(data_class):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    data_class().train_batch(0)
    LinearDataModule(seed=1)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # noqa: NPY002


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("data_class", FUNCTIONS)
def test_samples_stay_in_range_and_fill_it(data_class, sampling):
    data = data_class(low=2.0, high=7.0, sampling=sampling)
    x = torch.cat([data.train_batch(step)[0] for step in range(50)])
    assert x.shape == (5000, data.in_features)
    assert 2.0 <= x.min() < 2.05
    assert 6.95 < x.max() <= 7.0


def test_targets_are_the_functions():
    x, y = SquareDataModule().train_batch(3)
    torch.testing.assert_close(y, x**2)
    x, y = SinDataModule().train_batch(3)
    np.testing.assert_allclose(y.numpy(), np.sin(x.numpy()), atol=1e-6)
    x, y = MinMaxDataModule().train_batch(3)
    assert torch.equal(y[:, 0], torch.amax(x, dim=1))
    assert torch.equal(y[:, 1], torch.amin(x, dim=1))


@pytest.mark.parametrize("split", ["val", "test", "predict"])
@pytest.mark.parametrize("name", list_exercises())
def test_grids_include_both_ends_and_do_not_change(name, split):
    data = get_exercise(name).data()
    first, second = (
        torch.cat([x for x, _ in getattr(data, f"{split}_dataloader")()]) for _ in range(2)
    )
    assert torch.equal(first, second)
    corners = torch.cartesian_prod(*[torch.tensor([data.low, data.high])] * data.in_features)
    for corner in corners.view(-1, data.in_features):
        assert first.eq(corner).all(dim=1).any()


def test_drawn_points_lie_about_the_true_line():
    data = LinearDataModule(a=3.0, b=-2.0, noise_std=0.5, num_samples=10_000, seed=9)
    residual = data.y - (3.0 * data.x - 2.0)
    assert abs(residual.mean()) < 0.02
    assert abs(residual.std() - 0.5) < 0.02
    assert LinearDataModule(seed=1).y.ne(LinearDataModule(seed=2).y).all()


def test_least_squares_agrees_with_numpy():
    data = LinearDataModule(seed=5)
    expected = np.polyfit(data.x.flatten().double(), data.y.flatten().double(), 1)
    np.testing.assert_allclose(data.least_squares(), expected, rtol=1e-10)


def test_lecture_points_have_the_exact_line():
    data = LinearDataModule(points=((2, 4), (4, 7), (8, 8)))
    assert data.least_squares() == pytest.approx((17 / 28, 3.5), abs=1e-12)
    assert data.train_batch(0)[0].flatten().tolist() == [2, 4, 8]


def test_stream_shares_steps_among_processes():
    streams = [BatchStream(lambda step: step, length=3, rank=rank, world=2) for rank in range(2)]
    assert [list(stream) for stream in streams] == [[0, 2, 4], [1, 3, 5]]


@pytest.mark.parametrize(
    ("build", "part"),
    [
        (lambda: SinDataModule(batch_size=0), "batch_size must be 1 or more, got 0"),
        (lambda: SinDataModule(low=3.0, high=3.0), "low=3 high=3"),
        (lambda: SinDataModule(high=float("nan")), "high=nan"),
        (lambda: SinDataModule(sampling="stratifed"), "did you mean 'stratified'"),
        (lambda: SinDataModule(val_points=1), "val_points"),
        (lambda: SinDataModule(seed=2**63), "9223372036854775808"),
        (lambda: SinDataModule(steps_per_epoch=0), "steps_per_epoch"),
        (lambda: SinDataModule(growth=(5, 30)), "growth must be pairs (steps, rows), got 5,30"),
        (lambda: SinDataModule(growth=((5, 0),)), "rows of growth must be 1 or more, got 0"),
        (lambda: GateDataModule(gate="xorr"), "did you mean 'xor'"),
        (lambda: GateDataModule(table="011"), "got '011' of 3"),
        (lambda: GateDataModule(table="012x"), "got '012x' of 4"),
        (lambda: GateDataModule(table="01" * 1024), "got one of 2048"),
        (lambda: LinearDataModule(points=((1, 2),)), "two different x"),
        (lambda: LinearDataModule(points=((1, 2, 3), (4, 5, 6))), "pairs"),
        (lambda: LinearDataModule(noise_std=-1.0), "noise_std must be 0 or more, got -1"),
        (lambda: LinearDataModule(num_samples=1), "num_samples"),
    ],
)
def test_bad_argument_is_named_at_once(build, part):
    with pytest.raises(InputError) as caught:
        build()
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_shuffled_gate_rows_are_drawn_evenly_and_keep_their_targets():
    data = GateDataModule(gate="xor", batch_size=50, shuffle=True, seed=2)
    x, y = (torch.cat(column) for column in zip(*map(data.train_batch, range(40)), strict=True))
    assert torch.equal(y.flatten().bool(), x[:, 0] != x[:, 1])
    counts = torch.bincount((2 * x[:, 0] + x[:, 1]).long())
    assert ((counts - 500) ** 2 / 500).sum() < 16.3  # chi-square, 3 degrees, p = 0.001


def test_loader_taken_by_hand_goes_on_with_fresh_batches():
    data = SinDataModule(steps_per_epoch=3)
    loader = data.train_dataloader()
    seen = [x[0].item() for _ in range(2) for x, _ in loader]
    assert seen == [data.train_batch(step)[0][0].item() for step in range(6)]


@pytest.mark.parametrize(("low", "high"), [(-3.0, 3.3), (0.1, 0.7), (-10.0, 10.0)])
def test_closed_batches_hold_both_ends_exactly(low, high):
    data = SinDataModule(low=low, high=high, sampling="closed")
    for step in range(50):
        x, _ = data.train_batch(step)
        assert x.min() == torch.tensor(low)
        assert x.max() == torch.tensor(high)


def test_near_sampling_puts_every_second_row_near_the_diagonal():
    data = MinMaxDataModule(sampling="near", batch_size=100, seed=4)
    x = torch.cat([data.train_batch(step)[0] for step in range(50)]).view(50, 100, 2)
    apart = (x[..., 0] - x[..., 1]).abs()
    assert apart[:, ::2].max() < 20.001  # a fifth of the range
    assert apart[:, ::2].median() < 1
    assert apart[:, 1::2].mean() == pytest.approx(100 / 3, abs=2)  # of two uniform numbers
    assert x.min() == 0
    assert x.max() == 100


def test_signature_shows_every_argument_with_its_type_and_true_default():
    parameters = inspect.signature(SinDataModule).parameters
    found = {name: (each.annotation, each.default) for name, each in parameters.items()}
    assert found == {
        "low": (float, -10.0), "high": (float, 10.0), "batch_size": (int, 100),
        "growth": (tuple[tuple[int, int], ...], ()), "sampling": (str, "uniform"),
            "seed": (int, 0), "val_points": (int, 4001),
        "test_points": (int, 20_001), "steps_per_epoch": (int, 1000), "block_steps": (int, 1),
    }  # fmt: skip


@pytest.mark.parametrize("name", list_exercises())
def test_data_module_is_built_again_from_what_it_keeps_and_pickles(name):
    data = get_exercise(name).data(seed=7)
    assert set(data.hparams) == set(inspect.signature(type(data)).parameters)
    for other in (type(data)(**data.hparams), pickle.loads(pickle.dumps(data))):
        assert other.hparams == data.hparams
        assert torch.equal(other.train_batch(3)[0], data.train_batch(3)[0])


def test_points_that_are_given_are_all_taken_however_many():
    data = LinearDataModule(points=((2, 4), (4, 7), (8, 8)))
    assert (data.batch_size, data.hparams.batch_size) == (3, None)
    assert (data.hparams.low, data.hparams.high, data.hparams.num_samples) == (2.0, 8.0, 3)


def test_subclass_whose_arguments_would_be_lost_is_refused():
    with pytest.raises(TypeError, match="Cubic must state its arguments as fields"):

        class Cubic(SinDataModule):
            def __init__(self, *, power=3):
                super().__init__()


@pytest.mark.parametrize("inputs", [1, 2, 3, 5])
def test_table_of_any_size_is_the_gate_of_its_rows_in_binary_order(inputs):
    outputs = [bin(row).count("1") % 2 for row in range(2**inputs)]  # parity
    data = GateDataModule(table="".join(map(str, outputs)), batch_size=2**inputs)
    assert data.in_features == inputs
    x, y = data.train_batch(0)
    assert ["".join(str(int(v)) for v in row) for row in x] == [
        f"{row:0{inputs}b}" for row in range(2**inputs)
    ]
    assert y.flatten().tolist() == outputs
    assert torch.equal(data.target(x), y)
    shuffled = GateDataModule(table=data.table, shuffle=True, batch_size=50)
    x, y = shuffled.train_batch(3)
    assert torch.equal(y.flatten(), x.sum(dim=1) % 2)


def test_gate_by_table_is_the_gate_by_name():
    for gate, outputs in TRUTH.items():
        named, given = GateDataModule(gate=gate), GateDataModule(table="".join(map(str, outputs)))
        assert torch.equal(named.train_batch(0)[1], given.train_batch(0)[1])


@dataclass(kw_only=True, eq=False)
class Sum(FunctionDataModule):
    """Targets as numpy gives them."""

    low: float = -1.0
    high: float = 3.0
    val_points: int = 101
    test_points: int = 101

    def target(self, x):
        return x.numpy().astype("f8").sum(axis=1, keepdims=True)


class SumOfThree(Sum):
    in_features = 3


class SumOfEight(Sum):
    in_features = 8


def test_grid_of_three_inputs_is_whole():
    x, _ = SumOfThree().grid(101)
    assert len(x) == 101**3 <= MOST_ROWS
    places = ((x + 1) * 25).round().long() @ torch.tensor([101**2, 101, 1])  # of -1 to 3
    assert places.bincount(minlength=101**3).eq(1).all()


@pytest.mark.parametrize("points", [6, 101, 10**9])
def test_fixed_sample_stands_in_for_a_grid_of_too_many_rows(points):
    torch.manual_seed(points)
    state = torch.get_rng_state()
    data = SumOfEight(val_points=points)
    x = torch.cat([x for x, _ in data.val_dataloader()])
    assert torch.equal(torch.get_rng_state(), state)
    assert x.shape == (SAMPLE_ROWS, 8)
    assert torch.equal(x, SumOfEight(seed=5).grid(points)[0])  # as grids do, whatever the seed
    assert (x.amin(dim=0) == -1).all()
    assert (x.amax(dim=0) == 3).all()
    assert (x.mean(dim=0) - 1).abs().max() < 1e-3
    assert (torch.corrcoef(x.T) - torch.eye(8)).abs().max() < 0.02


def test_targets_of_numpy_in_float64_are_taken():
    x, y = SumOfThree().train_batch(0)
    assert y.dtype == x.dtype == torch.float32
    torch.testing.assert_close(y, x.sum(dim=1, keepdim=True))


def test_data_module_without_its_number_of_inputs_is_told_what_to_state():
    with pytest.raises(InputError, match="Sum must say how many inputs it has: in_features = 2"):
        Sum()


@pytest.mark.parametrize("points", [
    np.array([[2, 4], [4, 7], [8, 8]]), torch.tensor([[2.0, 4.0], [4.0, 7.0], [8.0, 8.0]]),
    UserList([UserList([2, 4]), [4, 7], (8, 8)]),
])  # fmt: skip
def test_points_may_be_an_array_or_any_sequence(points):
    data = LinearDataModule(points=points, val_points=np.int64(11))
    assert data.hparams["points"] == ((2, 4), (4, 7), (8, 8))
    assert type(data.hparams["val_points"]) is int
    assert data.least_squares() == pytest.approx((17 / 28, 3.5))


@pytest.mark.parametrize("points", [5, (1, 2), "ab", ((1, 2, 3),)])
def test_points_that_are_no_pairs_are_named(points):
    with pytest.raises(InputError, match="points must be pairs"):
        LinearDataModule(points=points)


@pytest.mark.parametrize("given", [{"a": None}, {"b": "1"}, {"noise_std": None}])
def test_coefficient_that_is_no_number_is_named(given):
    with pytest.raises(InputError, match="must be a number, got"):
        LinearDataModule(**given)


@pytest.mark.parametrize(
    ("cls", "given"),
    [
        (LinearDataModule, {"num_samples": np.int64(5), "a": np.float32(0.5), "seed": np.int64(1)}),
        (GateDataModule, {"shuffle": np.True_, "batch_size": torch.tensor(3)}),
    ],
)
def test_numbers_of_numpy_and_torch_are_those_of_python(cls, given):
    hparams = dict(cls(**given).hparams)
    for name, value in given.items():
        assert hparams[name] == value.item()
        assert type(hparams[name]) is type(value.item())
