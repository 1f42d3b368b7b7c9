"""The same recipes in other packages, each in its own best documented way for small networks.

They come with `pip install 'mlpzoo[bench]'`. All work on the lecture's network, batches of the same
size in float32, Adam with the same rate; where a package lets its start be set, it is the
lecture's. `python -m scripts.benchmark.peers jax xor 30000` runs one alone.
"""

import os
import sys
import warnings
from typing import Any

import torch
from torch import Tensor, nn
from typing_extensions import override

from scripts.benchmark.lecture import TASKS, Task

BLOCK = 100  # steps handed over at once, where a package takes several


class Peer:
    """A recipe in another package.

    Args:
        task: What to train.
        seed: For start and samples.
    """

    def __init__(self, task: Task, seed: int) -> None:
        torch.manual_seed(seed)
        self.task, self.seed = task, seed
        self.build()

    def build(self) -> None:
        """Make what trains."""
        raise NotImplementedError

    def advance(self, steps: int) -> None:
        """Take so many steps."""
        raise NotImplementedError

    def predict(self, x: Tensor) -> Tensor:
        """Return what the network answers."""
        raise NotImplementedError

    def samples(self, steps: int) -> tuple[Any, Any]:
        """Return the batches of so many steps, one below the other, as numpy arrays."""
        rows = steps * self.task.batch
        x = self.task.inputs(rows)[:rows]
        return x.numpy(), self.task.target(x).numpy()


class ScikitLearn(Peer):
    """`partial_fit`, which passes over what it is given batch by batch; one output column only."""

    @override
    def build(self) -> None:
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        is_gate = self.task.name == "xor"
        self.model: Any = (MLPClassifier if is_gate else MLPRegressor)(
            hidden_layer_sizes=(2, 2, 2, 2) if is_gate else (256, 256), alpha=0.0, shuffle=False,
            activation="logistic" if is_gate else "relu", batch_size=self.task.batch,
            learning_rate_init=self.task.lr, random_state=self.seed,
        )  # fmt: skip

    @override
    def advance(self, steps: int) -> None:
        x, y = self.samples(steps)
        classes = {"classes": [0.0, 1.0]} if self.task.name == "xor" else {}
        self.model.partial_fit(x, y.ravel(), **classes)

    @override
    def predict(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.model.predict(x.numpy())).view(len(x), -1)


class Skorch(Peer):
    """`partial_fit` of a net whose one epoch passes over what it is given."""

    @override
    def build(self) -> None:
        from skorch import NeuralNet

        self.model: Any = NeuralNet(
            self.task.net(), criterion=type(self.task.loss), optimizer=torch.optim.Adam,
            criterion__reduction=self.task.loss.reduction, lr=self.task.lr, max_epochs=1,
            batch_size=self.task.batch, train_split=None, verbose=0,
        ).initialize()  # fmt: skip

    @override
    def advance(self, steps: int) -> None:
        self.model.partial_fit(*self.samples(steps))

    @override
    def predict(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.model.predict(x.numpy()))


class KerasOnJax(Peer):
    """`fit` with several steps in one compiled execution."""

    @override
    def build(self) -> None:
        os.environ["KERAS_BACKEND"] = "jax"
        import keras

        relu = "sigmoid" if self.task.name == "xor" else "relu"
        start = [array for pair in _linears(self.task.net()) for array in pair]
        inputs = y = keras.Input((1,) if len(start) == 6 else (2,))
        widths = {"xor": (2,) * 4, "minmax": (256,) * 3}.get(self.task.name, (256, 256))
        for width in widths:
            y = keras.layers.Dense(width, activation=relu)(y)
        if self.task.name == "minmax":
            hidden = [keras.layers.Dense(256, activation=relu)(y) for _ in range(2)]
            start = start[:6] + start[6:8] + start[10:12] + start[8:10] + start[12:14]
            y = keras.layers.Concatenate()([keras.layers.Dense(1)(head) for head in hidden])
        else:
            y = keras.layers.Dense(1)(y)
        self.model: Any = keras.Model(inputs, y)
        self.model.set_weights(start)
        losses = keras.losses
        self.model.compile(
            optimizer=keras.optimizers.Adam(self.task.lr, epsilon=1e-8),
            loss=losses.BinaryCrossentropy(from_logits=True)
            if self.task.name == "xor"
            else losses.MeanSquaredError(reduction="sum"),
            steps_per_execution=BLOCK,
        )

    @override
    def advance(self, steps: int) -> None:
        x, y = self.samples(steps)
        self.model.fit(x, y, batch_size=self.task.batch, shuffle=False, verbose=0)

    @override
    def predict(self, x: Tensor) -> Tensor:
        answer = self.model.predict(x.numpy(), batch_size=16_384, verbose=0)
        return torch.as_tensor(answer.copy())


class Jax(Peer):
    """A jit-compiled scan over optax.adam, a block of steps in one call."""

    @override
    def build(self) -> None:
        import jax
        import optax

        optimizer = optax.adam(self.task.lr)
        self.weights: Any = [tuple(map(jax.numpy.asarray, p)) for p in _linears(self.task.net())]
        self.state: Any = optimizer.init(self.weights)
        self.forward: Any = jax.jit(_jax_forward(self.task.name))

        def loss(weights: Any, x: Any, y: Any) -> Any:
            output = self.forward(weights, x)
            if self.task.name == "xor":
                return optax.sigmoid_binary_cross_entropy(output, y).mean()
            return ((output - y) ** 2).sum()

        def step(carry: Any, batch: Any) -> Any:
            weights, state = carry
            updates, state = optimizer.update(jax.grad(loss)(weights, *batch), state)
            return (optax.apply_updates(weights, updates), state), None

        self.scan: Any = jax.jit(lambda carry, batches: jax.lax.scan(step, carry, batches)[0])

    @override
    def advance(self, steps: int) -> None:
        import jax

        for first in range(0, steps, BLOCK):
            count = min(BLOCK, steps - first)
            batches = [array.reshape(count, self.task.batch, -1) for array in self.samples(count)]
            self.weights, self.state = self.scan((self.weights, self.state), batches)
        jax.block_until_ready(self.weights)

    @override
    def predict(self, x: Tensor) -> Tensor:
        import numpy as np

        return torch.as_tensor(np.array(self.forward(self.weights, x.numpy())))


PEERS: dict[str, type[Peer]] = {
    "scikit-learn": ScikitLearn,
    "skorch": Skorch,
    "Keras on JAX": KerasOnJax,
    "JAX scan, optax": Jax,
}


def _jax_forward(name: str) -> Any:
    import jax

    act = jax.nn.sigmoid if name == "xor" else jax.nn.relu

    def through(layers: Any, x: Any, *, last: bool) -> Any:
        for index, (weight, bias) in enumerate(layers):
            x = x @ weight + bias
            x = x if last and index == len(layers) - 1 else act(x)
        return x

    def two_heads(weights: Any, x: Any) -> Any:
        shared = through(weights[:3], x, last=False)
        heads = [through(weights[at : at + 2], shared, last=True) for at in (3, 5)]
        return jax.numpy.concatenate(heads, axis=1)

    return two_heads if name == "minmax" else lambda weights, x: through(weights, x, last=True)


def _linears(net: nn.Module) -> list[tuple[Any, Any]]:
    layers = [module for module in net.modules() if isinstance(module, nn.Linear)]
    return [(layer.weight.detach().T.numpy(), layer.bias.detach().numpy()) for layer in layers]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    PEERS[sys.argv[1]](TASKS[sys.argv[2]], seed=0).advance(int(sys.argv[3]))
