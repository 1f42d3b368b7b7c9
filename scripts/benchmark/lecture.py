"""The lecture's recipes written plainly in PyTorch: what everything else is measured against.

Nothing of mlpzoo is used here. `python -m scripts.benchmark.lecture xor 30000` is the whole script.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


class XORNet(nn.Module):
    """2-2-2-2-2-1 with sigmoids, every weight and bias from U(0, 1); the output is a logit."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1, self.sigmoid1 = nn.Linear(2, 2), nn.Sigmoid()
        self.layer2, self.sigmoid2 = nn.Linear(2, 2), nn.Sigmoid()
        self.layer3, self.sigmoid3 = nn.Linear(2, 2), nn.Sigmoid()
        self.layer4, self.sigmoid4 = nn.Linear(2, 2), nn.Sigmoid()
        self.output_layer = nn.Linear(2, 1)
        for parameter in self.parameters():
            nn.init.uniform_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, 2) to (batch, 1)."""
        x = self.sigmoid1(self.layer1(x))
        x = self.sigmoid2(self.layer2(x))
        x = self.sigmoid3(self.layer3(x))
        x = self.sigmoid4(self.layer4(x))
        logit: Tensor = self.output_layer(x)
        return logit


class MinMaxNet(nn.Module):
    """2-256-256-256 with ReLU, a head 256-256-1 for the maximum and one for the minimum."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(2, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256),
            nn.ReLU(),
        )  # fmt: skip
        self.max_head = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1))
        self.min_head = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, 2) to (batch, 2): the maximum, the minimum."""
        shared = self.trunk(x)
        return torch.cat([self.max_head(shared), self.min_head(shared)], dim=1)


def curve_net() -> nn.Module:
    """Return 1-256-256-1 with ReLU."""
    return nn.Sequential(
        nn.Linear(1, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1)
    )


def xor_rows(rows: int) -> Tensor:
    """Return the truth table's inputs over and over."""
    return torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).repeat(-(-rows // 4), 1)


@dataclass(frozen=True)
class Task:
    """An exercise as the lecture trains it.

    Attributes:
        name: The exercise.
        net: Builds the network.
        inputs: Draws so many rows.
        target: Maps inputs to the right answers.
        loss: What is minimised.
        lr: Adam's rate.
        batch: Rows of a batch.
        steps: The recipe's optimizer steps.
    """

    name: str
    net: Callable[[], nn.Module]
    inputs: Callable[[int], Tensor]
    target: Callable[[Tensor], Tensor]
    loss: nn.Module
    lr: float = 1e-3
    batch: int = 100
    steps: int = 10_000


_SQUARES = nn.MSELoss(reduction="sum")
TASKS = {
    task.name: task
    for task in (
        Task(
            "xor", XORNet, xor_rows, lambda x: (x[:, :1] != x[:, 1:]).float(),
            nn.BCEWithLogitsLoss(), lr=0.01, batch=4, steps=30_000,
        ),
        Task("sin", curve_net, lambda n: 20 * torch.rand(n, 1) - 10, torch.sin, _SQUARES),
        Task("square", curve_net, lambda n: 200 * torch.rand(n, 1) - 100, torch.square, _SQUARES),
        Task(
            "minmax", MinMaxNet, lambda n: 100 * torch.rand(n, 2),
            lambda x: torch.stack([x.amax(dim=1), x.amin(dim=1)], dim=1), _SQUARES,
        ),
    )
}  # fmt: skip


class PlainLoop:
    """The lecture's training loop.

    Args:
        task: What to train.
        seed: Of torch's generator, for start and samples.
        fused: Take torch's fused Adam.
    """

    def __init__(self, task: Task, seed: int, *, fused: bool = False) -> None:
        torch.manual_seed(seed)
        self.task, self.net = task, task.net()
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=task.lr, fused=fused)

    def advance(self, steps: int) -> None:
        """Take so many steps."""
        task, net, optimizer = self.task, self.net, self.optimizer
        x = task.inputs(task.batch)
        y = task.target(x)
        for _ in range(steps):
            if task.name != "xor":
                x = task.inputs(task.batch)
                y = task.target(x)
            optimizer.zero_grad()
            loss = task.loss(net(x), y)
            loss.backward()
            optimizer.step()

    def predict(self, x: Tensor) -> Tensor:
        """Return what the network answers."""
        with torch.no_grad():
            y: Tensor = self.net(x)
        return y


if __name__ == "__main__":
    torch.set_num_threads(1)
    PlainLoop(TASKS[sys.argv[1]], seed=0, fused="--fused" in sys.argv).advance(int(sys.argv[2]))
