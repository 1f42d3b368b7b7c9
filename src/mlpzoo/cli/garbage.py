"""When a process looks for garbage: not while modules load, where there is little, and it is slow.

Python searches all objects again and again as they become more, a fifth of the time that Lightning
takes to load. What has been loaded stays, so that it need never be searched.
"""

import gc

_state = {"paused": False}


def pause() -> None:
    """Look for no garbage until `go_on`; for a process of our own."""
    _state["paused"] = True
    gc.disable()


def go_on() -> None:
    """Look for garbage as usual from now on, if that was paused, but not in what is there now."""
    if _state.pop("paused", False):
        gc.freeze()
        gc.enable()
