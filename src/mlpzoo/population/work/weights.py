"""The best weights of members in one safetensors file, where not all states are kept."""

from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mlpzoo.checks import InputError
from mlpzoo.files import write_whole
from mlpzoo.modules import LitNetwork
from mlpzoo.population.base import Population
from mlpzoo.population.members.kinds import Members, StackedMembers
from mlpzoo.population.work.table import MemberTable
from mlpzoo.runs.checkpoint import LAST, read_checkpoint
from mlpzoo.runs.folder import result_file

_PLACE = "member"  # the tensor that has each one's place


def kept(keep: str, table: MemberTable) -> list[int]:
    """Return the places of the members whose weights are kept.

    Args:
        keep: all, solved, failed or none.
        table: What they came to.
    """
    chosen = {"all": True, "none": False, "solved": table.solved, "failed": ~table.solved}[keep]
    return [*torch.as_tensor(chosen).expand(len(table)).nonzero().flatten().tolist()]


def write_weights(path: Path, members: Members, places: Sequence[int]) -> None:
    """Write the weights of some members, each tensor with an axis for them in front.

    Args:
        path: The file.
        members: All members.
        places: Which of them.
    """
    found = {_PLACE: torch.tensor(places, dtype=torch.int64), **_stacked(members, places)}
    write_whole(path, safetensors.torch.save(found))


def holds(path: Path, places: Sequence[int]) -> bool:
    """Tell whether a file has the weights of these members.

    Args:
        path: The file.
        places: Which they are.
    """
    try:
        with safe_open(path, "pt") as file:  # which compares its length with its header
            return bool(file.get_tensor(_PLACE).tolist() == list(places))
    except (OSError, SafetensorError):
        return False


def read_weights(path: Path, place: int, module: LitNetwork) -> None:
    """Give a module the weights of a member.

    Args:
        path: The file.
        place: The member's.
        module: The module of its seed.

    Raises:
        InputError: They were not kept, or the file is damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            (row,) = (file.get_tensor(_PLACE) == place).nonzero().flatten().tolist() or [-1]
            if row >= 0:
                names = file.keys()
                own = {name: file.get_slice(name)[row] for name in names if name != _PLACE}
                module.load_state_dict(own, strict=False)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} does not hold the weights of members: {error}") from error
    if row < 0:
        raise InputError(f"the weights of member {place} were not kept; see keep in config.yaml")


def _stacked(members: Members, places: Sequence[int]) -> dict[str, Tensor]:
    if not places:
        return {}
    if isinstance(members, StackedMembers):
        chosen = torch.tensor(places)
        return {
            name: weight.detach().index_select(members.axis, chosen).movedim(members.axis, 0)
            .contiguous()
            for name, weight in members.stacked.named_parameters()
        }  # fmt: skip
    states = [members.member(place).state_dict() for place in places]
    return {name: torch.stack([each[name] for each in states]) for name in states[0]}


def load_state(population: Population, folder: Path) -> int:
    """Give members the weights of their last state, and return its step.

    Args:
        population: Them.
        folder: The folder of their piece.

    Raises:
        InputError: The state is damaged, or of other members.
    """
    checkpoint = read_checkpoint(folder / LAST)
    try:
        population.module.load_state_dict(checkpoint["state_dict"])
        return int(checkpoint["global_step"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        result = result_file(folder)
        raise InputError(f"{result} is not of its {LAST}; remove it, then resume") from error
