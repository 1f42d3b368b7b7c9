"""Why a module has not learned its exercise: known failures, each told by what was measured."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from mlpzoo.checks import resolve_name
from mlpzoo.data import FunctionDataModule
from mlpzoo.diagnosis import rules
from mlpzoo.diagnosis.probe import Probe
from mlpzoo.diagnosis.probes import Probes
from mlpzoo.diagnosis.rules import LEARNS, Diagnosis, is_linear
from mlpzoo.modules import LitNetwork
from mlpzoo.optim.factory import OPTIMIZERS, needs_of

IDLE = 1e-3  # share of the loss that steps at a rate too small take away, at most
GAIN, SLOW_GAIN = 0.1, 0.003  # what they take away at another; of one that hardly moves weights
STILL = 1e-4  # of the weights' norm: what a step moves them by then, at most
MOST_PARAMETERS = 100  # of a linear model whose Hessian is taken


def diagnose(
    module: LitNetwork, datamodule: FunctionDataModule, *, step: int | None = None
) -> Diagnosis:
    """Tell which known failure a module is in, the most specific one that is measured.

    In this order:

    - "wrong loss": it is not least where the answers are those that the metrics ask for, such as
      bcewithlogits for a function, or l1 for the least-squares line of points that lie about it.
    - "learning rate too large": plain SGD on a linear model's squared error, above 2 / (largest
      eigenvalue of the objective's Hessian), from where on it diverges; exactly so where every
      batch is the same, in the mean where they are drawn.
    - "diverged": `step` is given, or parameters or outputs are not finite.
    - "not linearly separable": a linear model and a gate that no line separates.
    - "dead ReLU units": three quarters of a layer's or more are 0 on all of the grid.
    - "two patterns merged", "three ...": these rows of a gate share the mean of their targets,
      which differ, and the other rows are right. On XOR the cross-entropy is then near 0.3466,
      0.4774.
    - "learning rate too small": eight more steps take away less than a thousandth of the loss, and
      over a tenth at a rate a hundred times as large or more, which is named; or over 0.3% where
      a step moves the weights by less than 0.0001 of their norm.
    - "float32 stall" (or of another type): a step of plain SGD, lr * gradient, is rounded away in
      every parameter although the gradient is not 0.
    - "saturated sigmoids": three quarters of a layer's or more stay within 0.01 of one end of
      their range for every row, so that they carry nothing. (Ones that go from end to end carry a
      bit.)
    - "vanishing gradient": the first linear layer's is below 1e-5 of the last's.
    - "nothing learned": a gate's rows all give one probability, or R2 is 0.05 or less, and eight
      more steps take away less than 3% of the loss.
    - "at rest": the gradient is 0.
    - "not finished": none of these.

    The module is not changed. Gradient and loss are of the distinct ones among the first 16
    training batches, outputs of the grid, thinned to 2,500 rows.

    Args:
        module: What to look at.
        datamodule: Its data.
        step: The step at which a run was stopped for a number that was not finite, if it was; the
            weights at hand may be older, and finite.

    Example:
        >>> from mlpzoo import LitFourLayerXOR, XORDataModule
        >>> print(diagnose(LitFourLayerXOR(initialization="zeros"), XORDataModule()))
        nothing learned: all 4 rows give 0.50 (cross-entropy 0.6931)
    """
    every = Probes(module=module, example=module, data=[datamodule])
    return _first_found(Probe(every=every, index=0, step=step))


def diagnose_members(
    module: LitNetwork,
    example: LitNetwork,
    data: Sequence[FunctionDataModule],
    steps: Sequence[int | None],
    *,
    axis: int,
) -> list[Diagnosis]:
    """Diagnose the members that one module holds, each as `diagnose` does it alone.

    Args:
        module: Whose parameters have an axis for members, and whose answers and losses have them
            in front.
        example: One of them as an ordinary module, whatever its weights.
        data: The data of each.
        steps: For each, `diagnose`'s `step`.
        axis: Which axis of the parameters the members are.
    """
    shared = len({id(each) for each in data}) == 1
    own = data[:1] if shared else data
    every = Probes(module=module, example=example, data=own, axis=axis)
    probes = (Probe(every=every, index=index, step=step) for index, step in enumerate(steps))
    return [_first_found(seen) for seen in probes]


def _first_found(seen: Probe) -> Diagnosis:
    in_turn = (
        rules.wrong_loss, _rate_too_large, _diverged, rules.not_separable, rules.dead_relus,
        rules.merged_patterns, _rate_too_small, _stalled, rules.saturated,
        rules.vanishing_gradient, rules.nothing_learned, _no_failure,
    )  # fmt: skip
    return next(found for rule in in_turn if (found := rule(seen)))


def _rate_too_large(seen: Probe) -> Diagnosis | None:
    module = seen.module
    squares = type(module).objective is LitNetwork.objective and isinstance(module.loss, nn.MSELoss)
    if not (squares and is_linear(module.net) and _is_plain_sgd(module)):
        return None
    size = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
    if not 0 < size <= MOST_PARAMETERS:
        return None
    curvature = seen.curvature
    if not curvature.isfinite().all():
        return None
    stiffness = torch.linalg.eigvalsh(curvature)[-1].item() + module.weight_decay
    if module.lr * stiffness <= 2:  # it is 0 behind a step
        return None
    limit = 2 / stiffness
    detail = f"plain SGD at {module.lr:.7g} is above {limit:.7g}, the largest stable rate here"
    evidence = {"lr": module.lr, "largest_stable_lr": limit}
    if seen.step is not None:
        detail += f"; not finite at step {seen.step}"
        evidence["step"] = seen.step
    return Diagnosis("learning rate too large", detail, evidence)


def _diverged(seen: Probe) -> Diagnosis | None:
    if seen.step is not None:
        detail = f"not finite at step {seen.step}; lower the lr"
        return Diagnosis("diverged", detail, {"step": float(seen.step)})
    if seen.every.finite[seen.index]:
        return None
    lost = {"parameters": seen.weights_in_a_row, "outputs": seen.answer}
    evidence = {name: (~part.isfinite()).double().mean().item() for name, part in lost.items()}
    shares = " and ".join(f"{share:.0%} of the {name}" for name, share in evidence.items())
    return Diagnosis("diverged", f"{shares} are not finite; lower the lr", evidence)


def _rate_too_small(seen: Probe) -> Diagnosis | None:
    module, (gain, moved) = seen.module, seen.trial
    own = type(module).objective is LitNetwork.objective
    if not own or abs(gain) > IDLE:
        return None
    most = needs_of(module.optimizer_name).lr or math.inf  # a share of a step is 1 at most
    rates = [rate for n in range(2, 10) if (rate := float(f"{module.lr * 10**n:.3g}")) <= most]
    gains = {rate: seen.try_steps(rate).gain for rate in rates}
    best = max(gains.values(), default=0.0)
    if best < (SLOW_GAIN if moved < STILL else GAIN):
        return None
    lr = next(rate for rate, each in gains.items() if each > best / 2)
    better = gains[lr]
    detail = (f"a few steps at {module.lr:.3g} lower the loss by {100 * gain:.2g}%, "
              f"at {lr:.3g} by {100 * better:.2g}%; take {lr:.3g} or more")  # fmt: skip
    evidence = {"lr": module.lr, "better_lr": lr, "gain": gain, "better_gain": better}
    return Diagnosis("learning rate too small", detail, evidence)


def _stalled(seen: Probe) -> Diagnosis | None:
    module, largest = seen.module, 0.0
    if not _is_plain_sgd(module) or (norm := seen.gradient_norm()) == 0:
        return None
    for name, gradients in seen.gradients.items():
        weight = seen.weights[name]
        spacing = torch.nextafter(weight.abs(), torch.full_like(weight, math.inf)) - weight.abs()
        for gradient in gradients:
            change = gradient + module.weight_decay * weight
            if not torch.equal(weight.add(change, alpha=-module.lr), weight):
                return None
            ratio = module.lr * change.double().abs() / (spacing.double() / 2)
            largest = max(largest, ratio.max().item())
    kind = str(next(module.parameters()).dtype).removeprefix("torch.")
    detail = f"each step is under half an ulp, {largest:.2g} of it at most, at gradient {norm:.3g}"
    evidence = {"update_over_half_ulp": largest, "gradient_norm": norm}
    return Diagnosis(f"{kind} stall", detail, evidence)


def _no_failure(seen: Probe) -> Diagnosis:
    norm = seen.gradient_norm()
    evidence = {"loss": seen.loss, "gradient_norm": norm}
    if norm == 0:
        return Diagnosis("at rest", f"the gradient is 0 at loss {seen.loss:.4g}", evidence)
    detail = f"loss {seen.loss:.4g}, gradient norm {norm:.3g}, and no known failure was measured"
    if seen.trial.gain > LEARNS:
        detail += f"; a few more steps lower the loss by {seen.trial.gain:.0%}"
    return Diagnosis("not finished", detail, evidence)


def _is_plain_sgd(module: LitNetwork) -> bool:
    own = type(module).configure_optimizers is LitNetwork.configure_optimizers
    sgd = resolve_name("optimizer", module.optimizer_name, OPTIMIZERS) == "sgd"
    return own and sgd and module.momentum == 0 and module.schedule == "constant"
