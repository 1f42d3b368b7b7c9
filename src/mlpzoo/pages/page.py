"""The page of anything: a network, what a name or a path means, two runs."""

from pathlib import Path
from typing import Any

from torch import nn

from mlpzoo.checks import InputError
from mlpzoo.pages.content import content_of
from mlpzoo.pages.document import Page as Page  # of this room too
from mlpzoo.pages.network import sketch_of


def page(net: nn.Module | str | Path, ranges: Any = None, *, title: str = "") -> Page:
    """Return a page on which a reader can touch a network: move its input, drag its weights.

    Args:
        net: As of `layers_of`: one of `mlpzoo.nets`, an `nn.Sequential` of linear layers and
            activations, or a Lightning module of ours. Or a name of `list_pretrained()`, the
            folder of a run or a file, of which a page shows more.
        ranges: Low and high end of all inputs, such as (-1, 1), or of each; None for the network's
            own, or those of its exercise.
        title: What to call it; "" for its name.

    Raises:
        InputError: No such network, one that pages cannot show, or no ranges where the network
            does not say which inputs it takes.

    Example:
        >>> import torch
        >>> from mlpzoo import page
        >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
        >>> page(net, (-1, 1), title="a start").title
        'a start'
    """
    if not isinstance(net, nn.Module):
        return page_for(net, ranges=ranges, title=title)
    shown = content_of(net, ranges=ranges)
    return Page(title or type(net).__name__, {**shown, "subtitle": sketch_of(net)})


def page_for(
    named: str | Path = "",
    other: str | Path | None = None,
    *,
    path: str | Path | None = None,
    ranges: Any = None,
    title: str = "",
    **asked: Any,
) -> Page:
    """Return the page of what a name or a path means: of a network, of a run, or of two runs.

    Args:
        named: As of `find_network`; the folder of a run gives the page of the run.
        other: The folder of a run to lay beside the first; None for none.
        path: As of `find_network`.
        ranges: As of `page`.
        title: As of `page`.
        **asked: The other arguments of `find_network`.

    Raises:
        InputError: As of `find_network`; or it cannot be shown.
    """
    from mlpzoo.pages.found import page_of
    from mlpzoo.pretrained.find import find_network
    from mlpzoo.pretrained.names import known_name

    if other is not None:
        if path is not None or ranges is not None or any(asked.values()):
            raise InputError("a page of two takes the folders of two runs, and nothing else")
        from mlpzoo.pages.runs.page import page_of_two

        return page_of_two(named, other)
    folder = Path(str(named) if path is None else path)
    known = path is None and known_name(str(named))
    if folder.is_dir() and not known and asked.get("weights") is None:
        from mlpzoo.pages.runs.page import page_of_run

        if given := [name for name, value in asked.items() if value]:
            raise InputError(
                f"a page of a run has no --{given[0]}; name best.ckpt, or leave it out"
            )
        exercise = "" if path is None else str(named)
        return page_of_run(folder, exercise, ranges=ranges, title=title)
    return page_of(find_network(named, path=path, **asked), ranges, title=title)
