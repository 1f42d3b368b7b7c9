"""One door to every network: a name of the package, a run, a checkpoint or an exported file."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mlpzoo.checks import InputError
from mlpzoo.data import FunctionDataModule
from mlpzoo.exercises import Exercise, get_exercise, list_exercises
from mlpzoo.exercises.arguments import typed_arguments
from mlpzoo.modules import LitNetwork
from mlpzoo.pretrained.formats import WRITERS, ExportedNet, read_exported
from mlpzoo.pretrained.manifest import list_pretrained, load_exported
from mlpzoo.pretrained.measure import as_module, output_of
from mlpzoo.pretrained.names import known_name, name_or_path
from mlpzoo.runs.checkpoint import RECORD, best_of, read_checkpoint
from mlpzoo.runs.folder import CONFIG, find_run
from mlpzoo.runs.load import load_module


@dataclass(frozen=True, kw_only=True)
class Found:
    """A network that was asked for.

    Attributes:
        named: How it was asked for: its name in the package, or a path.
        path: Its file; None for one of the package.
        module: The network as a module in eval mode.
        exercise: What it solves; None where its file does not say.
        data: What it is measured by; None without an exercise.
    """

    named: str
    path: Path | None = None
    module: LitNetwork
    exercise: Exercise | None = None
    data: FunctionDataModule | None = None

    @property
    def source(self) -> str:
        """Where it is from, for a line of text."""
        return f"{self.named}, a network of the package" if self.path is None else str(self.path)

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
        usual, own = self.exercise.data().hparams, self.data.hparams
        data = {name: value for name, value in own.items() if value != usual.get(name)}
        return ExportedNet(net=net, exercise=self.exercise.name, output=output, data=data)

    def solves(self) -> tuple[Exercise, FunctionDataModule]:
        """Return its exercise and data.

        Raises:
            InputError: Its file does not say which exercise it solves.
        """
        if self.exercise is None or self.data is None:
            raise InputError(
                f"{self.named} does not say which exercise it solves; name that, and --ckpt "
                f"{self.named}"
            )
        return self.exercise, self.data


def find_network(named: str | Path, *, path: str | Path | None = None) -> Found:
    """Return the network that a name or a path means; a name comes before a path of its spelling.

    Args:
        named: One of `list_pretrained()`; the folder of a run, whose best weights are meant; a
            checkpoint or a snapshot; or a file of `mlpzoo export`.
        path: One of these paths, of the exercise `named`; None for what `named` means itself.

    Raises:
        InputError: There is none, it cannot be read, or it is of another exercise.
    """
    wanted, named = (None, str(named)) if path is None else (get_exercise(str(named)), str(path))
    path, known = Path(named), "" if wanted else known_name(name_or_path(named))
    if known and known not in list_pretrained():
        raise InputError(f"the package has no network of {known!r}; name a run or a file")
    if known:
        return _of_exported(known, None, load_exported(known), None)
    if path.is_dir():
        path = best_of(find_run(path, path))
    if _kind(path) in WRITERS:
        return _of_exported(named, path, read_exported(path), wanted)
    module, data = load_module(path, exercise=wanted)
    found = wanted or get_exercise(read_checkpoint(path)[RECORD]["exercise"])
    return Found(named=named, path=path, module=module, exercise=found, data=data)


def _kind(path: Path) -> str:
    return path.suffix.lower().removeprefix(".")


def _of_exported(
    named: str, path: Path | None, exported: ExportedNet, wanted: Exercise | None
) -> Found:
    """Return a plain network with the exercise and the data that its file tells of."""
    found, told = partial(Found, named=named, path=path, module=as_module(exported)), wanted
    if told is None and exported.exercise in list_exercises():
        told = get_exercise(exported.exercise)
    if told is None:
        return found()
    if exported.exercise not in ("", told.name):
        raise InputError(f"{named} is of exercise {exported.exercise!r}, not of {told.name!r}")
    arguments = typed_arguments(told.data_class, exported.data, group="data", of=told.name)
    data = told.data(**arguments)
    try:
        exported.net(data.grid(2)[0])
    except RuntimeError as error:
        raise InputError(
            f"{named} does not fit {told.name}, of {data.in_features} inputs"
        ) from error
    return found(exercise=told, data=data)
