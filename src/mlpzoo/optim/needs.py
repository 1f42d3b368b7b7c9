"""What an optimizer needs: each says it of itself, so that nobody asks for its name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lightning.pytorch import Callback
from lightning.pytorch.callbacks import GradientAccumulationScheduler, LearningRateFinder
from torch import Tensor, nn, optim
from torch.optim import Optimizer

from mlpzoo.checks import InputError


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What an optimizer needs of a network, its loss and a Trainer; by default what Adam does.

    An optimizer of ours has one as its class attribute `needs`.

    Attributes:
        module: It takes the module in place of its parameters.
        closure: A step calls a closure that computes the loss and its gradient.
        blocks: Several of its steps may be taken in one training_step.
        gradients: It follows gradients, so a Trainer may accumulate, clip and scale them, and
            average them over several devices.
        losses: The losses that it minimises; none for any.
        couples: Its step mixes all parameters, so that members of a population would meet.
        forgets: Its averages may start from 0 again at any step.
        lr: Its own default rate, where that is the rate of no other optimizer.
        work: Given it and the rows of a batch, multiplications of a step beyond a gradient's.
        trial: Given a network and a few of its inputs, refuses one that it cannot train.
    """

    module: bool = False
    closure: bool = False
    blocks: bool = True
    gradients: bool = True
    losses: tuple[type[nn.Module], ...] = ()
    couples: bool = False
    forgets: bool = False
    lr: float | None = None
    work: Callable[[Any, int], int] = lambda optimizer, rows: 0
    trial: Callable[[nn.Module, Tensor], object] = lambda net, x: None

    def check_loss(self, name: str, loss: nn.Module) -> None:
        """Refuse a loss that it does not minimise.

        Args:
            name: The optimizer's, for the message.
            loss: The loss.

        Raises:
            InputError: As said.
        """
        if self.losses and not isinstance(loss, self.losses):
            known, given = " or ".join(map(name_of_loss, self.losses)), name_of_loss(type(loss))
            raise InputError(f"{name} does not go with loss {given}; take {known}")

    def check_trainer(self, name: str, trainer: Any) -> None:
        """Refuse a Trainer that works on gradients which are not followed.

        Args:
            name: The optimizer's, for the message.
            trainer: The Trainer.

        Raises:
            InputError: More than one process, accumulation, gradient clipping, mixed precision, or
                a search for the learning rate, which is no rate here.
        """
        if self.gradients:
            return
        found = [*work_on_gradients(trainer), *callbacks_of(trainer, LearningRateFinder)]
        if found:
            raise InputError(f"{name} does not go with {', '.join(found)}; take optimizer adam")


_OF_TORCH: dict[type[Optimizer], Needs] = {
    optim.LBFGS: Needs(closure=True, blocks=False, couples=True),
    optim.Adafactor: Needs(couples=True),
}
for _cls in (optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad):
    _OF_TORCH[_cls] = Needs(forgets=True)


def name_of_loss(loss: type[nn.Module]) -> str:
    """Return the name under which a class of torch's losses is asked for: mse of nn.MSELoss."""
    return loss.__name__.removesuffix("Loss").lower()


def declared_needs(optimizer: type[Optimizer]) -> Needs:
    """Return what a class of optimizers says that it needs, for torch's what is known of them.

    Example:
        >>> declared_needs(optim.LBFGS).blocks, declared_needs(optim.Adam).blocks
        (False, True)
    """
    own: Needs | None = getattr(optimizer, "needs", None)
    return own or _OF_TORCH.get(optimizer, Needs())


def work_on_gradients(trainer: Any) -> list[str]:
    """Return what a Trainer does with gradients before a step is taken, for a message."""
    work = {
        f"{trainer.world_size} processes": trainer.world_size > 1,
        "accumulate_grad_batches": trainer.accumulate_grad_batches != 1,
        "gradient_clip_val": bool(trainer.gradient_clip_val),
        f"precision {trainer.precision}": trainer.precision not in ("32-true", "64-true"),
    }
    found = [what for what, present in work.items() if present]
    return found + callbacks_of(trainer, GradientAccumulationScheduler)


def callbacks_of(trainer: Any, *kinds: type[Callback]) -> list[str]:
    """Return the names of a Trainer's callbacks of some kinds, for a message.

    Args:
        trainer: The Trainer.
        *kinds: Classes of callbacks.
    """
    return [type(each).__name__ for each in trainer.callbacks if isinstance(each, kinds)]
