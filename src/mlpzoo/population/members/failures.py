"""Why members have failed: stacked ones are diagnosed together, others one by one."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from mlpzoo.data import FunctionDataModule
from mlpzoo.diagnosis.diagnose import MOST_PARAMETERS, diagnose, diagnose_members
from mlpzoo.diagnosis.probes import BATCHES, ROWS
from mlpzoo.modules import LitNetwork
from mlpzoo.population.members.kinds import Members, StackedMembers

_NUMBERS = 2**22  # of gradients, second derivatives and layers' outputs that are held at once
_ON_GPU = 8  # times as many there, where wide members take little longer together than alone


def failures(
    members: Members,
    indices: Sequence[int],
    datasets: Sequence[FunctionDataModule],
    lost: Sequence[int | None],
) -> list[str]:
    """Return the kinds of failure that some members are in; see `diagnose`.

    Args:
        members: All members, as they are to be judged.
        indices: Which of them.
        datasets: The data of each member.
        lost: For each member, the step at which it was stopped for not being finite, if it was.
    """
    found: dict[int, str] = {}
    of_variant: dict[int, list[int]] = {}
    for index in indices:
        of_variant.setdefault(members.variant[index], []).append(index)
    size = _at_once(members, datasets[0])
    for own in of_variant.values():
        for some in (own[start : start + size] for start in range(0, len(own), size)):
            data, steps = [datasets[index] for index in some], [lost[index] for index in some]
            try:
                kinds = _together(members, some, data, steps)
            except Exception:  # a module may be anything
                alone = zip(some, data, steps, strict=True)
                kinds = [_alone(members, *each) for each in alone]
            found.update(zip(some, kinds, strict=True))
    return [found[index] for index in indices]


def _together(
    members: Members,
    some: Sequence[int],  # of one variant
    data: Sequence[FunctionDataModule],
    steps: Sequence[int | None],
) -> list[str]:
    if not isinstance(members, StackedMembers):
        raise TypeError("members side by side have no module in common")
    stacked, example = _part(members, some), members.examples[members.variant[some[0]]]
    found = diagnose_members(stacked, example, data, steps, axis=members.axis)
    return [each.kind for each in found]


def _part(members: StackedMembers, some: Sequence[int]) -> LitNetwork:
    """Return some members in a module of their own."""
    copies: dict[int, Any] = {}
    for weight in members.stacked.parameters():
        chosen = torch.tensor(some, device=weight.device)
        own = weight.detach().index_select(members.axis, chosen)
        copies[id(weight)] = nn.Parameter(own, weight.requires_grad)
    return deepcopy(members.stacked, copies)


def _alone(members: Members, index: int, data: FunctionDataModule, step: int | None) -> str:
    try:
        return diagnose(members.shown(index).cpu().eval(), data, step=step).kind
    except Exception as error:  # its result must not be lost for that
        return f"not diagnosed: {' '.join(str(error).split())}"


def _at_once(members: Members, data: FunctionDataModule) -> int:
    """Return how many members are diagnosed at once, so that memory has a bound."""
    module = members.example
    size = sum(parameter.numel() for parameter in module.parameters())
    units = sum(part.out_features for part in module.modules() if isinstance(part, nn.Linear))
    rows: int = min(ROWS, data.test_points**data.in_features)
    bent = size if size <= MOST_PARAMETERS else 0
    held = size * (2 * BATCHES + bent) + rows * (2 * units + 8)  # x, y and answer in float64
    on_gpu = any(parameter.is_cuda for parameter in members.parameters())
    return max(1, _NUMBERS * (_ON_GPU if on_gpu else 1) // max(1, held))
