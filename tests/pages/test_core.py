"""What pages compute: answers and training as torch has them, starts as mlpzoo describes them."""

import numpy as np
import torch
from torch import nn

import mlpzoo
from mlpzoo.analysis.layers import layers_of
from mlpzoo.nets.initialization import INITIALIZATIONS
from mlpzoo.pages.network import network_data, parameters_of, shown_layers
from mlpzoo.runs.snapshots import next_step

ACTIVATIONS = [
    "identity", "relu", "sigmoid", "tanh", "leakyrelu", "elu", "selu", "silu", "softplus",
]  # fmt: skip
READ = "const { readNetwork, forward, answersOf, parametersOf } = await load('core/network.js');"
TRAINER = f"""
{READ}
const {{ networkOf }} = await load('core/task.js');
const {{ Trainer }} = await load('core/trainer.js');
const trainerOf = async ({{ net, x, y, settings }}) => {{
  const like = {{ hidden: null, activation: "", loss: settings.loss }};
  const made = networkOf(await readNetwork(net), like, false);
  const rows = {{ x: Float64Array.from(x), y: y.map((part) => Float64Array.from(part)) }};
  return new Trainer(made, rows, settings);
}};
"""
TRAIN = (
    TRAINER
    + """
const states = [];
for (const one of given) {
  const trainer = await trainerOf(one);
  const costs = Array.from({ length: 100 }, () => trainer.step() && trainer.chain.cost());
  states.push([Array.from(parametersOf(trainer.net)), costs]);
}
return states;
"""
)
SGD = {"optimizer": "sgd", "lr": 0.01, "momentum": 0.0}
MOMENTUM = {"optimizer": "sgd", "lr": 0.002, "momentum": 0.9}
ADAM = {"optimizer": "adam", "lr": 0.01, "beta2": 0.99}


def test_answers_are_those_of_torch(modules):
    nets = [
        mlpzoo.SequentialMLP(in_features=2, hidden_features=(5, 4), activation=activation)
        for activation in ACTIVATIONS
    ]
    x = torch.linspace(-30, 30, 14).reshape(7, 2)
    script = "return Promise.all(given.nets.map(async (data) => { const net = await "
    script += "readNetwork(data); const rows = forward(net, Float64Array.from(given.x));"
    script += "return Array.from(answersOf(net, rows)[0]); }));"
    given = {"nets": [network_data(net) for net in nets], "x": x.flatten().tolist()}
    answers = modules(READ + script, given)
    right = torch.stack([net.double()(x.double()).flatten() for net in nets])
    torch.testing.assert_close(torch.tensor(answers, dtype=torch.float64), right)


def _mlp(activation, **more):
    given = {"in_features": 2, "hidden_features": (4, 3), **more}
    return mlpzoo.SequentialMLP(activation=activation, **given)


def _cases():
    """Networks, losses and optimizers, each value of each at least once."""
    optimizers, reductions = (SGD, MOMENTUM, ADAM), ("mean", "sum")
    for i, activation in enumerate(ACTIVATIONS):
        yield _mlp(activation), "bcewithlogits", reductions[i % 2], optimizers[i % 3]
        ranges = {"in_range": (-1.0, 3.0), "out_range": (-2.0, 3.0)}
        if i % 2:
            ranges = {"in_range": ((-1.0, 3.0), (0.0, 1.0)), "out_range": ((-2.0, 3.0), (0.0, 5.0))}
        net = _mlp(activation, **ranges, out_features=2)
        yield net, "mse", reductions[(i + 1) % 2], optimizers[(i + 1) % 3]
        yield _mlp(activation, out_activation="sigmoid"), "bce", "mean", optimizers[(i + 2) % 3]
    yield _mlp("sigmoid", out_activation="sigmoid"), "mse", "sum", MOMENTUM
    for optimizer in (ADAM, SGD):
        net = mlpzoo.nets.DualHeadMLP(
            trunk_features=(5, 4), head_features=(3,), value_range=(-2.0, 4.0)
        )
        yield net, "mse", "mean", optimizer


def _rows(net, loss):
    drawn = torch.Generator().manual_seed(5)
    x = 2 * torch.rand(6, 2, generator=drawn, dtype=torch.float64) - 0.5
    with torch.no_grad():
        y = net(x) + torch.randn(6, net(x).shape[1], generator=drawn, dtype=torch.float64)
    return x, y if loss == "mse" else (y > 0).double()


def _trained(net, x, y, loss, settings):
    """Train with torch; return all weights and the cost after each step."""
    settings = dict(settings)
    cls = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[settings.pop("optimizer")]
    if beta2 := settings.pop("beta2", None):
        settings["betas"] = (0.9, beta2)
    optimizer, costs = cls(net.parameters(), **settings), []

    def cost():
        if isinstance(net, mlpzoo.nets.DualHeadMLP):
            return sum(loss(net(x)[:, head], y[:, head]) for head in (0, 1))
        return loss(net(x), y)

    for _ in range(100):
        optimizer.zero_grad()
        cost().backward()
        optimizer.step()
        costs.append(cost().item())
    parts = parameters_of(shown_layers(net))
    return np.concatenate([part.ravel() for part in parts]), costs


def test_a_hundred_steps_are_those_of_torch(modules):
    losses = {"mse": nn.MSELoss, "bce": nn.BCELoss, "bcewithlogits": nn.BCEWithLogitsLoss}
    cases, given, right = list(_cases()), [], []
    for net, loss, reduction, optimizer in cases:
        data = network_data(net)
        x, y = _rows(net.double(), loss)
        settings = {**optimizer, "loss": loss, "reduction": reduction}
        y_given = y.T.tolist()
        given.append({"net": data, "x": x.flatten().tolist(), "y": y_given, "settings": settings})
        right.append(_trained(net, x, y, losses[loss](reduction=reduction), optimizer))
    for case, (weights, costs), (true_weights, true_costs) in zip(
        cases, modules(TRAIN, given), right, strict=True
    ):
        assert np.isfinite(true_costs).all(), case
        np.testing.assert_allclose(weights, true_weights, rtol=1e-9, atol=1e-9, err_msg=str(case))
        np.testing.assert_allclose(costs, true_costs, rtol=1e-9, atol=1e-12, err_msg=str(case))


STARTS = f"""
{READ}
const {{ drawStart }} = await load('core/starts.js');
const net = await readNetwork(given.net);
return given.names.map((name) => given.seeds.map((seed) => {{
  drawStart(net, name, seed, given.gain);
  return Array.from(parametersOf(net));
}}));
"""


def _parts(net, flat):
    """Split all parameters of some seeds into weights and biases of each layer."""
    shapes = [part.shape for part in parameters_of(layers_of(net))]
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])[:-1]
    parts = np.split(np.asarray(flat), ends, axis=1)
    return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]


def _furthest(one, other):
    """Kolmogorov and Smirnov's distance of two samples."""
    one, other = np.sort(one.ravel()), np.sort(other.ravel())
    at = np.concatenate([one, other])
    shares = [np.searchsorted(sample, at, side="right") / sample.size for sample in (one, other)]
    return np.abs(shares[0] - shares[1]).max()


def test_starts_are_drawn_as_mlpzoo_draws_them(modules):
    net, seeds = mlpzoo.SequentialMLP(in_features=2, hidden_features=(6, 4)), list(range(200))
    given = {"net": network_data(net), "names": list(INITIALIZATIONS), "seeds": seeds}
    for name, flat in zip(INITIALIZATIONS, modules(STARTS, given), strict=True):
        drawn = mlpzoo.nets.initialization.draw_starts(net, name, seeds).values()
        for ours, theirs in zip(_parts(net, flat), drawn, strict=True):
            distance = _furthest(ours, theirs.double().numpy().round(9))
            most = 1.8 * np.sqrt(2 / len(seeds) / np.sqrt(ours[0].size))  # they hang together
            assert distance < most, (name, ours.shape, distance)
            if name != "zeros" and ours[0].any():
                assert len(np.unique(ours[:, ..., :1].reshape(200, -1), axis=0)) == 200


def test_rotations_are_at_right_angles_and_bends_are_spread_evenly(modules):
    net = mlpzoo.SequentialMLP(in_features=3, hidden_features=(5, 2))
    given = {"net": network_data(net), "names": ["rotation"], "seeds": [4]}
    drawn = modules(STARTS, given)[0]
    w1, b1, w2, b2, w3, b3 = (part[0] for part in _parts(net, drawn))
    assert modules(STARTS, given | {"gain": 2})[0] == [[2 * v for v in flat] for flat in drawn]
    np.testing.assert_allclose(w1.T @ w1, 0.7**2 * np.eye(3), atol=1e-12)
    np.testing.assert_allclose(w2 @ w2.T, 2.5**2 * np.eye(2), atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(w3), 8)
    np.testing.assert_allclose([*b1, *b2], [*w1.sum(axis=1) / -2, *w2.sum(axis=1) / -2])
    assert 0 < abs(b3 + w3.sum() / 2) < 0.01
    net = mlpzoo.SequentialMLP(in_features=1, hidden_features=(5,))
    given = {"net": network_data(net), "names": ["spread"], "seeds": [4]}
    w1, b1, *_ = (part[0] for part in _parts(net, modules(STARTS, given)[0]))
    np.testing.assert_allclose(sorted(-b1 / w1[:, 0]), [-0.8, -0.4, 0, 0.4, 0.8], atol=1e-12)


def test_snapshots_are_taken_when_runs_take_them(modules):
    steps = [0, 1, 9, 10, 17, 99, 100, 117, 1000, 9_999, 123_456]
    script = "return given.map((await load('core/trainer.js')).nextStep);"
    assert modules(script, steps) == list(map(next_step, steps))


def test_any_snapshot_can_be_shown_and_those_past_hope_are_not_kept(modules):
    net = mlpzoo.SequentialMLP(in_features=1, hidden_features=(3,), activation="tanh")
    x = np.linspace(-1, 1, 8)
    given = {"net": network_data(net), "x": x.tolist(), "y": [(x**2).tolist()], "settings": ADAM}
    given["settings"] = ADAM | {"loss": "mse", "reduction": "mean", "lr": 0.001}
    script = (
        TRAINER
        + """
    const trainer = await trainerOf(given);
    const shown = [];
    for (let turn = 0; turn < 3000; turn++) {
      trainer.step();
      if (turn % 7) continue;
      const steps = trainer.snapshots.map(({ step }) => step); // what a slider was drawn with
      trainer.show(turn % steps.length);
      shown.push(trainer.steps === steps[turn % steps.length], trainer.at === turn % steps.length);
      trainer.show(trainer.snapshots.length - 1);
      if (trainer.steps !== turn + 1) return [turn, trainer.steps];
    }
    const most = trainer.snapshots.length;
    Object.assign(trainer.settings, { optimizer: "sgd", lr: 50 });
    trainer.adjust();
    while (trainer.step());
    const found = trainer.snapshots.map(({ weights }) => {
      trainer.net.parameters.set(weights);
      return trainer.isSound(trainer.chain.cost());
    });
    return [shown.every(Boolean), most, found.every(Boolean), trainer.steps < trainer.failed];"""
    )
    right, most, sound, is_back = modules(script, given)
    assert right is True
    assert most <= 300
    assert (sound, is_back) == (True, True)
