"""A member is the run that its seed would make alone, and what is said of all is right."""

import csv
import json
import math

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from mlpzoo import (
    Block,
    FunctionDataModule,
    InputError,
    LitMinMax,
    LitNetwork,
    LitSequentialMLP,
    MinMaxDataModule,
    Population,
    XORDataModule,
    get_exercise,
    plotting,
    train,
    train_population,
)
from mlpzoo.modules.formulas import as_exact
from mlpzoo.modules.metrics import member_metrics
from mlpzoo.optim.cuda_graphs import take_steps
from mlpzoo.optim.fused_adam import AdamKernel
from mlpzoo.population.members.kinds import SeparateMembers, StackedMembers
from mlpzoo.population.members.restarts import Restarts
from mlpzoo.population.pictures.population import STUCK_LEVELS, plot_population
from mlpzoo.population.statistics import Z95, steps_to_solve, wilson_interval
from mlpzoo.population.work import making


def flat(module):
    return torch.cat([p.detach().flatten() for p in module.net.parameters()])


@pytest.fixture
def settings(tmp_path):
    return {
        "out": tmp_path, "plots": False, "progress": False, "accelerator": "cpu",
        "early_stop": False,
    }  # fmt: skip


NARROW = {
    "sin": {"hidden_features": (16, 16)},
    "minmax": {"trunk_features": (16,), "head_features": (16,)},
}


SGD = {"optimizer": "sgd", "lr": 1e-6}


@pytest.mark.parametrize(
    ("name", "recipe", "module"),
    [
        *(
            (name, recipe, {})
            for name in ("xor", "sin", "minmax", "linear", "perceptron")
            for recipe in ("default", "lecture")
        ),
        *((name, "default", SGD | NARROW.get(name, {})) for name in ("xor", "sin", "minmax")),
    ],
)
def test_member_is_the_single_run_of_its_seed(name, recipe, module, settings):
    large = name in NARROW  # side by side, but for the narrow ones
    steps = 20 if large else 100
    settings |= {"recipe": recipe, "max_steps": steps, "val_every": steps // 2, "module": module}
    coarse = {"val_points": 21, "test_points": 31, "batch_size": 50}
    settings["data"] = coarse if large else {}
    result = train_population(name, members=2, first_seed=3, **settings)
    assert result.steps == steps
    stacked = isinstance(result.population.module.members, StackedMembers)
    assert stacked == (not large or bool(module))
    for index, member in enumerate(result.members):
        alone = train(name, seed=member.seed, **settings)
        last = torch.load(alone.folder / "last.ckpt", weights_only=True)["state_dict"]
        ours = result.population.member(index, best=False).state_dict()
        for key, weights in last.items():
            if key.startswith("net.") and weights.numel():
                assert (ours[key] - weights).norm() <= 1e-4 * weights.norm()
        for key, value in alone.metrics.items():
            if not key.endswith("loss"):
                assert member.metrics[key] == pytest.approx(value, rel=1e-3, abs=1e-5)
        assert member.solved == alone.passed


def test_member_stops_where_its_single_run_stops(settings):
    settings |= {"early_stop": True}
    result = train_population("xor", members=4, **settings)
    for member in result.members:
        alone = train("xor", seed=member.seed, **settings)
        assert (member.solved_step, member.best_step) == (alone.steps, alone.steps)
        assert member.metrics["bce"] == pytest.approx(alone.metrics["bce"], rel=1e-3)
    assert result.steps == max(member.best_step for member in result.members)
    assert result.solved == 4


def small(seed):
    return LitSequentialMLP(
        in_features=2, hidden_features=(3,), activation="tanh", task="gate", lr=0.05, seed=seed,
        loss="bcewithlogits",
    )  # fmt: skip


def wide(seed):
    return LitSequentialMLP(
        in_features=2, hidden_features=(70, 70), task="gate", loss="bcewithlogits", seed=seed
    )


def xor_data(seed):
    return XORDataModule(shuffle=True, seed=seed, block_steps=10)


def fit(population, quiet, steps=30, **settings):
    trainer = Trainer(max_steps=steps, **quiet)
    trainer.fit(population.module, datamodule=population.data, **settings)
    return trainer


@pytest.mark.parametrize(("make", "kind"), [(small, StackedMembers), (wide, SeparateMembers)])
def test_poisoned_member_leaves_the_others_bit_for_bit(make, kind, quiet):
    def poisoned(seed):
        module = make(seed)
        if seed == 2:
            nn.init.constant_(module.net.layers[0].weight, math.nan)
        return module

    whole, sick = (Population(each, xor_data, range(5)) for each in (make, poisoned))
    for population in (whole, sick):
        assert isinstance(population.module.members, kind)
        fit(population, quiet)
    for index in (0, 1, 3, 4):
        for best in (True, False):
            ours, theirs = (flat(p.member(index, best=best)) for p in (sick, whole))
            assert torch.equal(ours, theirs)
    assert flat(sick.member(2, best=False)).isnan().any()


@pytest.mark.parametrize("method", ["validate", "test", "predict"])
@pytest.mark.parametrize("make", [small, wide])
def test_population_that_was_measured_before_is_trained_as_any_other(make, method, quiet):
    measured, plain = (Population(make, xor_data, range(3)) for _ in range(2))
    trainer = Trainer(max_steps=20, val_check_interval=10, **quiet)
    found = getattr(trainer, method)(measured.module, datamodule=measured.data)
    starts = [make(seed)(xor_data(seed).grid(2)[0]).sigmoid() for seed in range(3)]
    if method == "predict":
        torch.testing.assert_close(found[0], torch.stack(starts))
    else:
        y = xor_data(0).grid(2)[1]
        losses = torch.stack([nn.functional.binary_cross_entropy(each, y) for each in starts])
        losses = losses.detach()
        assert found[0][f"{method[:4].removesuffix('i')}_bce"] == pytest.approx(losses.median())
    assert measured.module.best_step.eq(-1).all()
    for population in (measured, plain):
        Trainer(max_steps=20, val_check_interval=10, **quiet).fit(
            population.module, population.data
        )
    for index in range(3):
        assert torch.equal(flat(measured.member(index)), flat(plain.member(index)))


def test_population_measures_targets_of_its_predictions_shape_only(quiet):
    x, y = xor_data(0).grid(2)
    population = Population(wide, xor_data, range(2))
    loader = DataLoader(TensorDataset(x, y.squeeze(-1)), batch_size=4)
    with pytest.raises(InputError, match=r"targets have shape \(4,\), predictions \(4, 1\)"):
        Trainer(**quiet).validate(population.module, loader, verbose=False)


def test_member_does_not_depend_on_who_else_is_there(quiet):
    early, late = (Population(small, xor_data, seeds) for seeds in (range(6), range(3, 12)))
    for population in (early, late):
        fit(population, quiet)
    for seed in range(3, 6):
        assert torch.equal(flat(early.member(seed)), flat(late.member(seed - 3)))


class Twice(LitNetwork):
    """A user's own: weights outside linear layers, which cannot be stacked."""

    def __init__(self, seed=0):
        layer = nn.Linear(1, 1)
        for parameter in layer.parameters():
            nn.init.constant_(parameter, seed / 10)
        net = nn.Sequential(layer, nn.LayerNorm(1), nn.PReLU())
        super().__init__(
            net, task="regression", loss="mse", reduction="mean", optimizer="adam", lr=0.1
        )
        self.save_hyperparameters()


class Mixing(LitSequentialMLP):
    """A user's own whose forward would mix members up if they were stacked."""

    def forward(self, x):
        return self.net(x) - self.net(x).mean()


class Cube(FunctionDataModule):
    in_features = 1

    def target(self, x):
        return x**3


def cube(seed):
    return Cube(
        low=-1, high=1, batch_size=8, val_points=11, test_points=21, seed=seed, block_steps=5
    )


@pytest.mark.parametrize(
    "make",
    [lambda seed: Twice(seed=seed), lambda seed: Mixing(hidden_features=(4,), seed=seed)],
)
def test_modules_that_cannot_be_stacked_train_side_by_side(make, quiet):
    population = Population(make, cube, [1, 2])
    assert isinstance(population.module.members, SeparateMembers)
    fit(population, quiet)
    alone = make(2)
    trainer = Trainer(max_steps=30, **quiet)
    trainer.fit(alone, datamodule=cube(2))
    assert torch.equal(flat(population.member(1, best=False)), flat(alone))


@pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint that ended before")
def test_population_goes_on_from_a_checkpoint(quiet, tmp_path):
    whole = Population(small, xor_data, range(5))
    fit(whole, quiet, 40)
    half = Population(small, xor_data, range(5))
    fit(half, quiet, 20).save_checkpoint(tmp_path / "half.ckpt", weights_only=False)
    resumed = Population(small, xor_data, range(5))
    trainer = fit(resumed, quiet, 40, ckpt_path=tmp_path / "half.ckpt")
    assert trainer.global_step == 40
    for index in range(5):
        assert torch.equal(
            flat(resumed.member(index, best=False)), flat(whole.member(index, best=False))
        )


def test_metrics_of_members_are_those_of_the_modules():
    modules = [LitMinMax(trunk_features=(4,), head_features=(), seed=seed) for seed in range(3)]
    x, y = MinMaxDataModule().grid(9)
    metrics = member_metrics(modules[0].metrics(""))
    with torch.no_grad():
        answers = torch.stack([module.answer(x) for module in modules])
    for rows in torch.arange(len(x)).split(50):
        metrics.update(*as_exact(answers[:, rows], y[rows]))
    computed = metrics.compute()
    for index, module in enumerate(modules):
        theirs = Trainer(
            logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu"
        )
        (expected,) = theirs.test(module, MinMaxDataModule(test_points=9), verbose=False)
        for name, values in computed.items():
            assert values[index].item() == pytest.approx(expected[f"test_{name}"], rel=1e-5)


@pytest.mark.parametrize("name", ["sin", "xor"])
def test_member_taken_out_can_be_trained_on_and_is_diagnosed_as_its_single_run(name, settings):
    settings |= {"recipe": "lecture", "max_steps": 30, "val_every": 10}
    result = train_population(name, members=2, **settings)
    for index, member in enumerate(result.members):
        assert all(parameter.requires_grad for parameter in result.member(index).parameters())
        alone = train(name, seed=member.seed, **settings)
        assert alone.diagnosis.startswith(f"{member.failure}: ")


def test_files_say_what_the_members_came_to(tmp_path):
    result = train_population(
        "xor", members=12, first_seed=5, recipe="lecture", max_steps=1500, out=tmp_path,
        progress=False,
    )  # fmt: skip
    assert 0 < result.solved < 12
    rows = list(csv.DictReader((result.folder / "members.csv").read_text().splitlines()))
    said = json.loads((result.folder / "population.json").read_text())
    assert [int(row["seed"]) for row in rows] == list(range(5, 17))
    assert said["solved"] == result.solved == sum(int(row["solved"]) for row in rows)
    for row, member in zip(rows, result.members, strict=True):
        bars_met = float(row["accuracy"]) == 1 and float(row["bce"]) < 0.01
        assert member.solved == bool(int(row["solved"])) == bars_met
    assert said["wilson_95"] == list(wilson_interval(said["solved"], 12))
    assert sum(said["failures"].values()) == 12 - said["solved"]
    assert (result.folder / "figures" / "population.png").stat().st_size > 10_000
    lowest = min(member.metrics["bce"] for member in result.members)
    data = get_exercise("xor").data()
    x, y = data.grid(2)
    loss = nn.functional.binary_cross_entropy(result.best().answer(x), y)
    assert loss.item() == pytest.approx(lowest, rel=1e-4)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (8, 10), (10, 10), (997, 1000)])
def test_wilson_interval_ends_are_where_the_score_test_rejects(successes, trials):
    for end in wilson_interval(successes, trials):
        if 0 < end < 1:
            distance = abs(successes / trials - end)
            assert distance == pytest.approx(Z95 * math.sqrt(end * (1 - end) / trials))
    low, high = wilson_interval(successes, trials)
    assert low <= successes / trials <= high


def test_steps_to_solve_counts_all_members():
    steps = [100, 200, None, 400, 300, None, None, None, None, None]
    assert [steps_to_solve(steps, share) for share in (0.1, 0.2, 0.4, 0.5)] == [100, 200, 400, None]


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: train_population("xor", members=0), "members must be 1 or more, got 0"),
        (lambda: train_population("xor", seed=3), "takes no seed"),
        (
            lambda: train_population("xor", members=2, module={"optimizer": "lbfgs"}),
            "couple the members",
        ),
        (
            lambda: train_population("xor", members=2, module={"optimizer": "adafactor"}),
            "couple the members",
        ),
        (lambda: train_population("xr"), "did you mean 'xor'"),
        (lambda: Population(small, xor_data, []), "at least one seed"),
        (lambda: Population(small, xor_data, [0]).member(1), "member must be from 0 to 0, got 1"),
    ],
)
def test_what_cannot_be_done_is_refused(call, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=part):
        call()
    assert not list(tmp_path.iterdir())


def test_clipping_by_a_norm_over_all_members_is_refused(quiet):
    population = Population(small, xor_data, range(3))
    with pytest.raises(MisconfigurationException, match="gradient clipping"):
        Trainer(max_steps=5, gradient_clip_val=1.0, **quiet).fit(
            population.module, datamodule=population.data
        )


@pytest.mark.parametrize("make", [small, wide])
def test_member_on_a_plateau_starts_anew_and_the_others_go_on(make, quiet):
    def lost(seed):
        module = make(seed)
        if seed in (1, 4):
            nn.init.constant_(module.net.layers[-1].bias, math.nan)
        return module

    def fitted(restart_after):
        population = Population(lost, xor_data, range(6), restart_after=restart_after)
        trainer = Trainer(
            max_steps=60, val_check_interval=10, check_val_every_n_epoch=None, **quiet
        )
        trainer.fit(population.module, datamodule=population.data)
        return population

    plain, again = fitted(None), fitted(20)
    started = again.module.restarts.started.tolist()
    assert started[1] >= 1
    assert started[4] >= 1
    assert started.count(0) >= 2
    for index, starts in enumerate(started):
        ours, theirs = (flat(each.member(index, best=False)) for each in (again, plain))
        assert torch.equal(ours, theirs) == (starts == 0)
    assert fitted(20).module.restarts.started.tolist() == started


def test_starts_of_a_member_are_seeds_apart_in_their_lower_bits():
    restarts = Restarts(small, range(1000), after=10)
    seeds = {restarts.seed(index, start) % 2**32 for index in range(1000) for start in range(5)}
    assert len(seeds) == 5000
    assert restarts.seed(7, 0) == 7


def test_restarts_solve_what_a_poor_start_leaves(tmp_path):
    settings = {
        "members": 8, "module": {"initialization": "centred", "lr": 0.05}, "max_steps": 600,
        "plots": False, "progress": False, "out": tmp_path,
    }  # fmt: skip
    without = train_population("xor", **settings)
    with_restarts = train_population("xor", restart_after=200, **settings)
    assert without.solved < with_restarts.solved == 8
    assert any(member.restarts for member in with_restarts.members)


def test_member_that_diverged_is_the_single_run_that_diverged(settings):
    settings |= {"max_steps": 300, "val_every": 100, "early_stop": True}
    settings["module"] = {"optimizer": "sgd", "lr": 10.0}
    result = train_population("linear", members=3, **settings)
    for member in result.members:
        alone = train("linear", seed=member.seed, **settings)
        assert alone.diagnosis.startswith(f"{member.failure}: ")
        assert member.failure == "learning rate too large"
        assert math.isnan(member.metrics["rmse"])
        assert (member.solved, member.best_step) == (False, None)
    assert result.steps == 100


def test_picture_of_members_that_are_all_lost_is_drawn():
    plot_population(
        [None, None], [math.nan, math.inf], steps=10, metric="bce", title="lost",
        levels=STUCK_LEVELS,
    )  # fmt: skip


def picture(solved_steps, values, **settings):
    figure = plot_population(solved_steps, values, metric="bce", title="t", **settings)
    return figure.axes


def test_picture_shows_a_jump_at_the_last_step_with_its_interval():
    left, _ = picture([*[400] * 88, *[500] * 12], [0.005] * 100, steps=500)
    assert left.get_xlim()[1] > 505
    (bars,) = left.containers
    marker, _, (reach,) = bars
    assert marker.get_xydata().tolist() == [[500, 1]]
    np.testing.assert_allclose(reach.get_segments()[0][:, 1], wilson_interval(100, 100))
    assert left.get_lines()[0].get_xydata()[-1].tolist() == [500, 1]


@pytest.mark.parametrize(("members", "most"), [(4, 12), (100, 22), (1000, 62)])
def test_picture_has_no_more_bins_than_members_can_fill(members, most):
    values = torch.linspace(0.0019, 0.00999, members).tolist()
    _, right = picture([100] * members, values, steps=500, solved={"solved: bce < 0.01": 0.01})
    heights = [bar.get_height() for bar in right.patches]
    assert len(heights) <= most
    assert sum(heights) == members
    assert right.get_xlim()[1] > 0.01  # the bar is in sight, and no column lies on both sides
    assert not any(
        bar.get_height() and bar.get_x() + bar.get_width() > 0.0100001 for bar in right.patches
    )
    assert all(tick == round(tick) for tick in right.get_yticks())


def test_picture_of_equal_values_has_its_only_column_in_sight_and_not_alone():
    _, right = picture([None] * 100, [0.75] * 100, steps=9, solved={"solved: accuracy >= 1": 1.0})
    low, high = right.get_xlim()
    assert low < 0.75
    assert 1 < high < 1.1
    _, right = picture([1] * 100, [1.0] * 100, steps=9)
    (column,) = (bar for bar in right.patches if bar.get_height())
    assert column.get_x() < 1 < column.get_x() + column.get_width()


def test_picture_says_from_where_on_it_shows_values_and_draws_none_below():
    _, right = picture([1] * 100, [*[1e-9] * 50, *[0.5] * 50], steps=9)
    assert right.get_xlabel() == "bce at the end (at the left: 0.0005 and below)"
    (left, _) = (bar for bar in right.patches if bar.get_height())
    assert left.get_x() < 0.0005 < left.get_x() + left.get_width()


def test_picture_keeps_the_levels_of_xor_in_columns_of_their_own():
    values = [0.001] * 30 + [0.4774] * 56 + [0.3466] * 14
    _, right = picture([1] * 30 + [None] * 70, values, steps=9, levels=STUCK_LEVELS)
    assert sorted(bar.get_height() for bar in right.patches if bar.get_height()) == [14, 30, 56]
    marks = [line.get_linestyle() for line in right.get_lines()]
    assert len(marks) == len(set(marks)) == 3  # told without colours


@pytest.mark.parametrize(("gate", "marked"), [("xor", True), ("and", False)])
def test_picture_names_the_gate_and_marks_only_levels_that_are_its_own(gate, marked, settings):
    drawn = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            making,
            "plot_population",
            lambda *a, **b: drawn.update(b) or plotting.new_figure(1, 1),
        )
        train_population(
            "xor", members=2, data={"gate": gate}, max_steps=2, **settings | {"plots": True}
        )
    assert drawn["title"] == ("xor" if gate == "xor" else "xor: and") + ", recipe default"
    assert (drawn["levels"] == STUCK_LEVELS) == marked
    assert drawn["solved"] == {"solved: bce < 0.01": 0.01}


def test_restarts_are_refused_with_optimizers_that_cannot_forget():
    def make(seed):
        return LitSequentialMLP(hidden_features=(2,), optimizer="rprop", seed=seed)

    with pytest.raises(InputError, match="restart_after goes with sgd"):
        Population(make, cube, range(3), restart_after=10)


class Shared(LitSequentialMLP):
    """A user's own whose loss would mix members up if they were stacked."""

    def losses(self, output, y):
        return {"loss": (output - y).square().mean()}


def test_loss_that_would_mix_members_up_is_found_out(quiet):
    population = Population(lambda seed: Shared(hidden_features=(4,), seed=seed), cube, [1, 2])
    assert isinstance(population.module.members, SeparateMembers)
    fit(population, quiet)
    alone = Shared(hidden_features=(4,), seed=2)
    Trainer(max_steps=30, **quiet).fit(alone, datamodule=cube(2))
    torch.testing.assert_close(flat(population.member(1, best=False)), flat(alone))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ["xor", "sin"])
def test_population_on_a_gpu_is_that_on_a_cpu(name, settings):
    settings |= {"recipe": "lecture", "max_steps": 100, "val_every": 50, "members": 4}
    on_cpu = train_population(name, **settings)
    on_gpu = train_population(name, **(settings | {"accelerator": "gpu"}))
    assert isinstance(on_gpu.population.module.members, StackedMembers)
    x = get_exercise(name).data().grid(5)[0]
    for index in range(4):
        ours, theirs = (each.member(index).answer(x) for each in (on_gpu, on_cpu))
        torch.testing.assert_close(ours, theirs, rtol=0.01, atol=0.01)


@pytest.mark.parametrize("name", ["xor", "sin", "minmax", "perceptron"])
def test_steps_of_stacked_members_read_no_value_so_that_they_can_be_recorded(name):
    exercise = get_exercise(name)

    def data(seed):
        return exercise.data(recipe="lecture", seed=seed)

    population = Population(
        lambda seed: exercise.module(data(seed), recipe="lecture", seed=seed), data, range(3),
        accelerator="gpu",
    )  # fmt: skip
    members = population.module.members
    assert isinstance(members, StackedMembers)
    x, y = population.data.train_block(torch.arange(1))
    members.to("meta")  # which has no values, and takes none from another device
    minimised, losses = members._objective(x[0].to("meta"), y[0].to("meta"))
    minimised.backward()
    assert losses["loss"].is_meta
    assert all(parameter.grad.is_meta for parameter in members.parameters())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ["xor", "sin"])
def test_blocks_of_members_are_recorded(name):
    exercise = get_exercise(name)

    def data(seed):
        return exercise.data(recipe="lecture", seed=seed)

    population = Population(
        lambda seed: exercise.module(data(seed), recipe="lecture", seed=seed), data, range(64),
        accelerator="gpu",
    )  # fmt: skip
    population.module.cuda()
    members = population.module.members
    (optimizer,) = members.optimizers()
    members.begin([optimizer], [])
    block = Block(*(part.cuda() for part in population.data.train_block(torch.arange(5))))
    for _ in range(3):
        members.take(block, torch.ones(64, dtype=torch.bool))
    with torch.cuda.graph(torch.cuda.CUDAGraph()):  # which says what is against it
        take_steps(members._objective, AdamKernel(optimizer), block, torch.ones(5, device="cuda"))
    assert members._steps.graphs.replays == 2


def test_members_whose_layers_share_a_weight_are_not_stacked():
    def make(seed):
        module = LitSequentialMLP(in_features=2, hidden_features=(2, 2), seed=seed)
        module.net.layers[2].weight = module.net.layers[0].weight
        return module

    population = Population(make, xor_data, range(3))
    assert isinstance(population.module.members, SeparateMembers)


@pytest.mark.parametrize("seeds", ["012", 3])
def test_seeds_that_are_none_are_named(seeds):
    with pytest.raises(InputError, match="seeds must be whole numbers, such as range"):
        Population(lambda _: LitMinMax(), lambda _: MinMaxDataModule(), seeds)
