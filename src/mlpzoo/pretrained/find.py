"""One door to every network: a name of the package, a run, a checkpoint, a file, typed weights."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpzoo.analysis.layers import layers_of
from mlpzoo.checks import InputError
from mlpzoo.data import GateSamples, Samples
from mlpzoo.exercises import Exercise, get_exercise, known_exercises
from mlpzoo.exercises.arguments import typed_arguments
from mlpzoo.modules.finished import FinishedNet
from mlpzoo.nets.by_hand import from_weights
from mlpzoo.pretrained.formats import WRITERS, ExportedNet, read_exported
from mlpzoo.pretrained.manifest import list_pretrained, load_exported
from mlpzoo.pretrained.measure import errors_of, finished, output_of
from mlpzoo.pretrained.names import known_name, name_or_path
from mlpzoo.runs.folder import CONFIG, KINDS, command_of, find_run, read_config

if TYPE_CHECKING:
    from mlpzoo.modules.finished import Answering

_INSTEAD = {"population": "take a member from its result",
            "sweep": "train one of its settings by itself"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Found:
    """A network that was asked for.

    Attributes:
        named: How it was asked for: its name in the package, or a path.
        path: Its file; None for one of the package.
        typed: Whether its weights were typed.
        module: The network as a module in eval mode.
        exercise: What it solves; None where its file does not say.
        data: What it is measured by; None without an exercise.
    """

    named: str
    path: Path | None = None
    typed: bool = False
    module: Answering
    exercise: Exercise | None = None
    data: Samples | None = None

    @property
    def source(self) -> str:
        """Where it is from, for a line of text."""
        if self.typed:
            return "the weights that were typed"
        return f"{self.named}, a network of the package" if self.shipped else str(self.path)

    @property
    def shipped(self) -> bool:
        """Whether it is one of the package."""
        return self.path is None and not self.typed

    @property
    def is_checkpoint(self) -> bool:
        """Whether it is of a training, of which it keeps the loss."""
        return self.path is not None and _kind(self.path) not in WRITERS

    @property
    def run(self) -> Path | None:
        """The folder of its run, if it is of one."""
        above = () if self.path is None else self.path.parents[:2]  # a snapshot is a folder deeper
        return next((folder for folder in above if (folder / CONFIG).is_file()), None)

    @property
    def in_features(self) -> int:
        """How many inputs it takes."""
        if self.data is not None:
            return self.data.in_features
        return next(p.shape[1] for p in self.module.parameters() if p.dim() == 2)

    @property
    def exported(self) -> ExportedNet:
        """The network, and what its file says when it is exported."""
        net, output = self.module.net, output_of(self.module)
        if self.exercise is None or self.data is None:
            return ExportedNet(net=net, output=output)
        usual, own = dict[str, Any](), self.data.arguments
        with suppress(InputError):  # of a table, there are no usual ones
            usual = dict(self.exercise.samples().arguments)
        data = {name: value for name, value in own.items() if value != usual.get(name)}
        name, samples = self.exercise.name, self.data
        return ExportedNet(net=net, exercise=name, output=output, data=data, samples=samples)

    def measured(self) -> dict[str, float]:
        """Return the test metrics on the grid of its exercise; of a checkpoint, the losses too.

        Raises:
            InputError: See `solves`.
        """
        exercise, data = self.solves()
        if isinstance(self.module, FinishedNet):
            return errors_of(self.exported, data)
        from mlpzoo.training.trainer import evaluate

        return evaluate(exercise, self.module, exercise.data(**data.arguments))

    def diagnosis(self) -> str:
        """Return why it misses a bar.

        Raises:
            InputError: See `solves`.
        """
        from mlpzoo.diagnosis.diagnose import diagnose  # Lightning, which others do without
        from mlpzoo.pretrained.lit import LitFinishedNet
        from mlpzoo.training.result import in_words

        (exercise, data), net = self.solves(), self.module
        module = LitFinishedNet(net) if isinstance(net, FinishedNet) else net
        return in_words(diagnose, module, exercise.data(**data.arguments))

    def solves(self) -> tuple[Exercise, Samples]:
        """Return its exercise and data.

        Raises:
            InputError: Its file does not say which exercise it solves.
        """
        if self.typed and self.exercise is None:
            raise InputError("name the exercise that these weights are for, before --weights")
        if self.exercise is None or self.data is None:
            raise InputError(
                f"{self.named} does not say which exercise it solves; name that, and --ckpt "
                f"{self.named}"
            )
        return self.exercise, self.data


def find_network(
    named: str | Path = "",
    *,
    path: str | Path | None = None,
    weights: str | None = None,
    activation: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Found:
    """Return the network that a name or a path means; a name comes before a path of its spelling.

    Args:
        named: One of `list_pretrained()`; the folder of a run, whose best weights are meant; a
            checkpoint or a snapshot; or a file of `mlpzoo export`. "" where `path` or `weights`
            is given alone.
        path: One of these paths, of the exercise `named`; None for what `named` means itself.
        weights: In place of all these, what `from_weights` takes, for the exercise `named`.
        activation: Of its hidden units; None for step, where the exercise is no function.
        data: Arguments of the exercise's data module, in place of the network's own, as text.

    Raises:
        InputError: There is none, it cannot be read, or it is of another exercise.
    """
    named, data = str(named), data or {}
    if weights is None and activation is not None:
        raise InputError(f"activation {activation} goes with --weights; leave it out")
    if weights is not None and path is not None:
        raise InputError("--weights and --ckpt are two networks; give one")
    if weights is not None:
        return _of_weights(weights, activation, get_exercise(named) if named else None, data)
    wanted = get_exercise(named) if named and path is not None else None
    named = named if path is None else str(path)
    path, known = Path(named), "" if wanted else known_name(name_or_path(named))
    if known and known not in list_pretrained():
        raise InputError(f"the package has no network of {known!r}; name a run or a file")
    if known:
        return _of_exported(known, None, load_exported(known), None, data)
    if path.is_dir():
        from mlpzoo.runs.checkpoint import best_of  # Lightning, which other networks do without

        kind = command_of(read_config((folder := find_run(path, path)) / CONFIG))
        if kind != "train":
            raise InputError(f"{folder} is of {KINDS[kind]}; {_INSTEAD[kind]}")
        path = best_of(folder)
    if _kind(path) in WRITERS:
        return _of_exported(named, path, read_exported(path), wanted, data)
    from mlpzoo.runs.checkpoint import RECORD, read_checkpoint
    from mlpzoo.runs.load import load_module

    module, own = load_module(path, exercise=wanted)
    solves = wanted or get_exercise(read_checkpoint(path)[RECORD]["exercise"])
    found = Found(named=named, path=path, module=module, exercise=solves, data=own)
    return _with_data(found, solves, own.arguments, data) if data else found


def _kind(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def _of_weights(
    weights: str, activation: str | None, wanted: Exercise | None, data: Mapping[str, Any]
) -> Found:
    """Return a network of weights that were typed: of step units, if nothing else is said."""
    if wanted is None and data:
        raise InputError("--data goes with an exercise; name it before --weights")
    function = wanted is not None and not isinstance(wanted.samples(), GateSamples)
    usual, steps_out = ("relu", False) if function else ("step", None)
    net = from_weights(weights, activation=activation or usual, steps_out=steps_out)
    steps = layers_of(net).layers[-1].activation == "step"
    output = "probability" if steps else "value" if function or wanted is None else "logit"
    module = FinishedNet(net, output)
    found = Found(named="weights", typed=True, module=module)
    return found if wanted is None else _with_data(found, wanted, {}, data)


def _of_exported(
    named: str,
    path: Path | None,
    exported: ExportedNet,
    wanted: Exercise | None,
    data: Mapping[str, Any],
) -> Found:
    """Return a plain network with the exercise and the data that its file tells of."""
    found, told = Found(named=named, path=path, module=finished(exported)), wanted
    if told is None and exported.exercise in known_exercises():
        told = get_exercise(exported.exercise)
    if told is None:
        return found
    if exported.exercise not in ("", told.name):
        raise InputError(f"{named} is of exercise {exported.exercise!r}, not of {told.name!r}")
    return _with_data(found, told, exported.data, data)


def _with_data(
    found: Found, solves: Exercise, own: Mapping[str, Any], given: Mapping[str, Any]
) -> Found:
    """Return a network with its exercise and data; those that are given replace its own."""
    kept = {name: v for name, v in own.items() if not (name == "table" and "gate" in given)}
    kind = solves.samples_class or solves.data_class
    arguments = typed_arguments(kind, {**kept, **given}, group="data", of=solves.name)
    x = (data := solves.samples(**arguments)).example
    outputs = len(getattr(data, "targets", ())) or data.grid(2)[1].shape[1]
    try:
        fits = found.module.net(x).shape == (len(x), outputs)
    except RuntimeError:
        fits = False
    if not fits:
        what = f"{found.source} do" if found.typed else f"{found.named} does"
        sizes = f"{x.shape[1]} inputs and {outputs} outputs"
        has = f"this network takes {found.in_features}; give one of as many"
        raise InputError(f"{what} not fit {solves.name}, of {sizes}: {has}")
    return replace(found, exercise=solves, data=data)
