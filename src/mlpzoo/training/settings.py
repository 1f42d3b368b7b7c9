"""The settings of a run: a field is an option's name, type, default and help, and what may change.

The arguments of `train` and `train_population`, the options of the command line, config.yaml and
what a resumed run may change follow from these fields. Nothing heavy is imported.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from mlpzoo.checks import (
    InputError,
    check_count,
    check_devices,
    check_flag,
    check_seed,
    plain_value,
    plain_values,
    resolve_name,
)
from mlpzoo.optim.kernels import AUTO, KERNELS

if TYPE_CHECKING:
    from lightning.pytorch import Callback
    from lightning.pytorch.loggers import Logger

GROUPS = ("data", "module")  # settings that are arguments of a constructor, by name


def option(
    default: Any = None,
    *,
    check: Callable[[str, Any], object] | None = None,
    changeable: bool | Sequence[str] = False,
    saved: bool = True,
    free: bool = False,
    typed: bool = True,
    key: str = "",
) -> Any:
    """Return a field of settings.

    Args:
        default: Its default; of a mapping, none is needed.
        check: Refuses a value, given the name and the value; None checks nothing.
        changeable: Whether a resumed run may differ in it; of a group, in which arguments.
        saved: Whether it stands in config.yaml.
        free: Whether it makes no difference to a run that goes on.
        typed: Whether it can be given as text, on the command line or in a file.
        key: Its name in config.yaml; "" for its own.
    """
    metadata = {"check": check, "changeable": changeable, "saved": saved, "free": free,
                "typed": typed, "key": key}  # fmt: skip
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What the settings of a run and of a population share; see `TrainSettings`.

    Raises:
        InputError: A value that cannot be used.
    """

    recipe: str = option("default")
    """Name of the recipe: default, which is ours, or lecture."""
    max_steps: int | None = option(None, check=check_count, changeable=True)
    """Budget in optimizer steps (the recipe's)."""
    val_every: int | None = option(None, check=check_count, changeable=True)
    """Optimizer steps between validations (the recipe's)."""
    early_stop: bool | None = option(None, check=check_flag, changeable=True)
    """Stop once the bar is met (as the recipe says: ours do, the lecture's do not)."""
    accelerator: str = option("auto", changeable=True)
    """Kind of device, as Lightning names them: cpu, gpu, or auto, a GPU if there is one."""
    threads: int | None = option(None, check=partial(check_count, most=1024), changeable=True)
    """torch's CPU threads (as torch is set; 1, best for small networks, on the command line and of
    populations)."""
    kernel: str = option(AUTO, check=partial(resolve_name, names=KERNELS), changeable=True)
    """What takes the steps: torch, numba (extra fast; for linear layers in a chain), or auto."""
    plots: bool = option(True, check=check_flag, free=True)
    """Draw the result and the losses into figures/."""
    progress: bool = option(True, check=check_flag, saved=False)
    """Show a bar on a terminal, lines elsewhere."""
    out: str | Path = option("checkpoints", saved=False)
    """Folder that holds the folders of the exercises."""
    resume: bool | str | Path | None = option(None, saved=False)
    """Go on with a run: its folder, or a file in it (the newest)."""
    change: Collection[str] = option((), saved=False)
    """Let a resumed run differ in this setting, such as module.lr; repeatable."""
    data: Mapping[str, Any] = option({}, changeable=(
        "batch_size", "growth", "sampling", "steps_per_epoch", "block_steps",
    ))  # fmt: skip
    """Arguments of the data module that replace the recipe's."""
    module: Mapping[str, Any] = option({}, changeable=(
        "lr", "schedule", "momentum", "weight_decay", "beta2",
    ))  # fmt: skip
    """Arguments of the module that replace the recipe's."""
    callbacks: "Sequence[Callback]" = option((), typed=False)
    """Callbacks beside ours."""
    logger: "Logger | Sequence[Logger] | None" = option(None, typed=False)
    """A logger, or several, beside metrics.csv."""
    trainer: Mapping[str, Any] = option({}, typed=False)
    """Further arguments of Lightning's Trainer, such as gradient_clip_val."""

    function: ClassVar[str] = "train"  # that takes them

    def __post_init__(self) -> None:
        for name, kind in (("trainer", Mapping), ("out", str | Path), ("change", Collection)):
            if not isinstance(value := getattr(self, name), kind) or value == "":
                raise InputError(f"{name} cannot be {value!r}")
        if isinstance(self.change, str):
            object.__setattr__(self, "change", (self.change,))
        if not isinstance(self.callbacks, Sequence):  # one, or None, as Lightning takes them
            one = () if self.callbacks is None else (self.callbacks,)
            object.__setattr__(self, "callbacks", one)
        for each in options(type(self)):
            value, check = getattr(self, each.name), each.metadata["check"]
            if each.name in self.trainer:
                raise InputError(f"trainer takes no {each.name}; give {each.name} as a setting")
            if each.name in GROUPS:
                object.__setattr__(self, each.name, plain_values(each.name, value))
            elif check is not None and (value is not None or each.default is not None):
                value = plain_value(each.name, value)
                check(each.name, value)
                object.__setattr__(self, each.name, value)

    def filled(self, **defaults: Any) -> Self:
        """Return the settings with values for those that are None.

        Args:
            **defaults: By name.
        """
        missing = {k: value for k, value in defaults.items() if getattr(self, k) is None}
        return replace(self, **missing)

    @property
    def loggers(self) -> "list[Logger]":
        """The loggers given, none, one or several."""
        if not self.logger:
            return []
        return list(self.logger) if isinstance(self.logger, Sequence) else [self.logger]

    def saved(self) -> dict[str, Any]:
        """Return what stands in config.yaml: plain data that repeats the run, by name."""
        values = {
            each.metadata["key"] or each.name: _told(getattr(self, each.name))
            for each in options(type(self))
            if each.metadata["saved"]
        }
        empty = [name for name in UNSAID if not values.get(name, True)]
        return {name: value for name, value in values.items() if name not in empty}


@dataclass(frozen=True, kw_only=True)
class TrainSettings(RunSettings):
    """The settings of one run, each an argument of `mlpzoo.train` and an option of the command.

    Example:
        >>> TrainSettings(seed=3, max_steps=100).saved()["seed"]
        3
    """

    seed: int = option(0, check=check_seed)
    """Start and data are drawn from it."""
    devices: int | str = option(1, check=check_devices, changeable=True)
    """How many devices."""
    plot_every: int = option(0, check=partial(check_count, least=0), changeable=True)
    """Draw the result at every so many validations too, 0 for none."""
    film: bool = option(False, check=check_flag, changeable=True)
    """Keep snapshots of the weights while it learns, and draw figures/film.gif."""
    rewind: bool | str | Path | None = option(None, saved=False)
    """Begin anew with the settings and the initial weights of a run (the newest)."""
    start: str | Path | None = option(None, free=True)
    """A checkpoint whose weights the run begins with."""


OBJECT = "object"  # what stands in config.yaml for what no file can hold
ONLY_PYTHON = tuple(each.name for each in fields(RunSettings) if not each.metadata["typed"])
UNSAID = (*ONLY_PYTHON, "start")  # left out of config.yaml where there is none


def options(settings: type[RunSettings]) -> tuple[Field[Any], ...]:
    """Return the fields of settings, those of their own first."""
    own = [each for each in fields(settings) if each.name in settings.__annotations__]
    return (*own, *(each for each in fields(settings) if each not in own))


def check_names(given: Mapping[str, Any], settings: type[RunSettings]) -> None:
    """Refuse names that are not of a field.

    Args:
        given: Settings by name.
        settings: Whose fields are meant.

    Raises:
        InputError: A name that is of none; the message suggests the nearest one.
    """
    names = [each.name for each in fields(settings)]
    for name in given:
        if name in {each.name for each in fields(TrainSettings)} - {*names}:
            raise InputError(f"{settings.function} takes no {name}; leave it out")
        resolve_name(f"argument of {settings.function}", name, names)


def _told(value: Any) -> Any:
    """Return a value as plain data; of an object, that it is one and of which class."""
    if isinstance(value, Mapping):
        return {str(name): _told(entry) for name, entry in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Sequence):
        return [_told(entry) for entry in value]
    kind = type(value)
    return str(value) if isinstance(value, Path) else {OBJECT: f"{kind.__module__}.{kind.__name__}"}
