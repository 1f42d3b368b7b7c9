"""The door to a network of one's own: `fit`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from mlpzoo.analysis.proof.certificate import Certificate
from mlpzoo.checks import InputError, check_positive
from mlpzoo.diagnosis.report import report_on
from mlpzoo.exercises import Exercise, get_exercise
from mlpzoo.files import write_json
from mlpzoo.fitting import NOT_TAKEN
from mlpzoo.fitting.choice import Choice
from mlpzoo.fitting.ensemble import Ensemble, check_ensemble, train_ensemble, write_ensemble
from mlpzoo.fitting.given import Given, understood
from mlpzoo.fitting.growth import PROOF_S, check_provable, grow
from mlpzoo.fitting.policy import Policy, policy_for
from mlpzoo.fitting.result import FitResult
from mlpzoo.fitting.trials import Say, Trial
from mlpzoo.plotting import plot_intervals, save_each
from mlpzoo.runs.folder import FIGURES, FIT
from mlpzoo.training.result import Result
from mlpzoo.training.resume import plan_run
from mlpzoo.training.run import carry_out
from mlpzoo.training.settings import TrainSettings, check_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TIGHT_S = 10.0  # of a bound that is near the error


def fit(
    source: Any,
    y: Any = None,
    *,
    target: str | Sequence[str] = "",
    inputs: Sequence[str] = (),
    ranges: Sequence[tuple[float, float]] = (),
    hidden: int | Sequence[int] | None = None,
    activation: str | None = None,
    within: float | None = None,
    rmse: float | None = None,
    ensemble: int = 0,
    drop_missing: bool = False,
    say: Say = lambda trial: None,
    **settings: Any,
) -> FitResult:
    """Fit a small network to a function or to a table, and write its run folder.

    Without further arguments, size, optimizer and weight decay follow from the data: those are
    taken that do best on validation rows. All that is reported is of test rows, which neither
    training nor any choice has seen.

    Args:
        source: A function of x, or of x1, x2, ..., as text; a Python function of a number or an
            array for each input; a CSV or Parquet file; a frame of pandas; an array of inputs.
        y: What an array of inputs has as its answers, (rows,) or (rows, outputs).
        target: Name of the column to be predicted, or several; the last one by default.
        inputs: Names of the columns to predict it from; all others by default.
        ranges: Low and high end of each input of a function.
        hidden: Units of the hidden layer, or of each; chosen by default.
        activation: Of the hidden units; tanh by default.
        within: Grow the network until its largest error is proved to be below this.
        rmse: Grow the network until its root mean squared error on validation rows is below this.
        ensemble: Train so many networks more, on folds of the rows, which give intervals.
        drop_missing: Leave out rows with a missing cell.
        say: Told of each network that is tried.
        **settings: Fields of `TrainSettings`: seed, out, plots, film, progress, max_steps, data,
            module and more.

    Raises:
        InputError: A value, a file or a combination that cannot be used.

    Example:
        >>> from tempfile import mkdtemp
        >>> found = fit("x**2", ranges=[(-1, 1)], out=mkdtemp(), plots=False, progress=False)
        >>> found.report.errors["network"]["max_error"] < 0.01
        True
    """
    asked = _asked(settings, within=within, rmse=rmse)
    limit = within if rmse is None else rmse
    given = understood(
        source, y, ranges=_pairs(ranges), out=asked.out, target=target, inputs=tuple(inputs),
        within=within, rmse=rmse, drop_missing=drop_missing,
    )  # fmt: skip
    sizes = (hidden,) if isinstance(hidden, int) else hidden
    named = {"hidden_features": sizes, "activation": activation}
    module = {**{k: v for k, v in named.items() if v is not None}, **asked.module}
    with _threads(asked.threads):
        return _fitted(given, asked, settings, module, limit, ensemble, say)


def _fitted(
    given: Given, asked: TrainSettings, settings: Mapping[str, Any], module: Mapping[str, Any],
    limit: float | None, ensemble: int, say: Say,
) -> FitResult:  # fmt: skip
    """Choose a network, train it in a run folder, and say what came of it."""
    exercise, of_data = get_exercise(given.exercise), {**given.data, **asked.data}
    data = exercise.samples(seed=asked.seed, **of_data)
    if ensemble:
        check_ensemble(ensemble, data)
    policy = policy_for(data, module).changed(module, asked, exercise.recipe())
    of_data = {**policy.data, **of_data}
    data = exercise.samples(**{**data.arguments, **of_data, "seed": asked.seed})
    tried = _tried(exercise, data, policy, limit, say)
    own = {**settings, **_settings(policy, tried, limit, of_data), "threads": asked.threads}
    run, made = carry_out(plan_run(exercise, own, TrainSettings)), None
    if ensemble:
        made = train_ensemble(ensemble, own, run.datamodule.rows_of("test"), run.folder)
    result = FitResult(
        run=run, report=report_on(run.module, run.datamodule), tried=tried, limit=limit,
        certificate=_proved(run, limit), ensemble=made,
    )  # fmt: skip
    _write(result, plots=asked.plots)
    return result


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Have torch compute with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _pairs(ranges: Any) -> Sequence[tuple[float, float]]:
    """Return ranges, one pair by itself as one of them."""
    alone = len(ranges) == 2 and not any(isinstance(end, Sequence) for end in ranges)
    return [ranges] if alone else ranges


def _asked(settings: Mapping[str, Any], **limits: float | None) -> TrainSettings:
    """Return settings; what cannot be used is refused before anything is read."""
    check_names(settings, TrainSettings)
    for name in settings.keys() & {*NOT_TAKEN}:
        raise InputError(f"fit takes no {name}; go on with mlpzoo.train(..., resume=RUN)")
    for name, limit in limits.items():
        if limit is not None:
            check_positive(name, limit)
    return TrainSettings(**{"threads": 1, **settings})  # the fastest for networks this small


def _write(result: FitResult, *, plots: bool) -> None:
    """Add to the run folder what other runs have not."""
    if (made := result.ensemble) is not None:
        write_ensemble(made, result.folder)
        if plots:
            picture = partial(_intervals, result, made)
            save_each({result.folder / FIGURES / "intervals.png": picture})
    write_json(result.folder / FIT, result.as_json())


def _tried(
    exercise: Exercise, data: Any, policy: Policy, limit: float | None, say: Say
) -> list[Trial]:
    """Try sizes up to a limit; without one, what is to be chosen."""

    def samples(fold: int = 0, **more: Any) -> Any:
        return exercise.samples(**{**data.arguments, **more, "seed": data.seed + fold})

    choice = Choice(exercise, samples, policy.module, say) if policy.chooses else None
    if limit is None:
        return choice.carry_out() if choice else []
    if proved := exercise.name == "function":
        check_provable(exercise, data, policy.module)
    if choice:
        policy = replace(policy, module={**policy.module, "weight_decay": choice.decay()})
    return grow(exercise, data, policy, limit, proved=proved, say=say)


def _settings(
    policy: Policy, tried: Sequence[Trial], limit: float | None, data: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of the run: those of the best trial, if there was one."""
    best = min(tried, key=lambda trial: (not trial.held, trial.error), default=None)
    if best is None:
        return {**policy.budget, "data": data, "module": policy.module}
    if limit is None:  # all is chosen: train on the validation rows too
        data = {"val_share": 0.0, **data}
    budget = {**policy.budget, "early_stop": False}  # as the trial
    if best.held:
        budget["max_steps"] = best.steps
    return {**budget, "data": data, "module": best.arguments}


def _proved(run: Result, limit: float | None) -> Certificate | None:
    """Return a proved bound of a function's largest error, as tight as a few seconds make it."""
    if run.exercise != "function":
        return None
    from mlpzoo.analysis.proof.certify import certify

    try:
        found = certify(run.module.net, run.datamodule, limit_s=_TIGHT_S)["y"]
        if limit is not None and found.bound >= limit:  # which the proof of the trial was nearer to
            asked = certify(run.module.net, run.datamodule, below=limit, limit_s=PROOF_S)["y"]
            found = min(found, asked, key=lambda each: each.bound)
    except InputError:
        if limit is not None:
            raise
        return None  # of such a network, or of so many inputs, nothing is proved
    return found


def _intervals(result: FitResult, ensemble: Ensemble) -> "Figure":
    """Draw the intervals of the test rows."""
    data, (x, y) = result.data, result.data.rows_of("test")
    low, high = ensemble.interval(x)
    arrays = (y.flatten().numpy(), result.predict(x).flatten(), low.numpy(), high.numpy())
    alone = {} if data.in_features > 1 else {"x": x.flatten().numpy()}
    names = (data.names[0] if alone else "rows, by what is predicted", data.targets[0])
    return plot_intervals(*arrays, title=data.title, share=ensemble.level, names=names, **alone)
