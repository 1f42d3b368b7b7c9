from functools import lru_cache
from importlib.metadata import entry_points

import pytest

import mlpzoo


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    import torch  # not above: the process that only hands out the tests needs none

    torch.set_num_threads(1)  # the networks are too small for more


@pytest.fixture(scope="session", autouse=True)
def callbacks_of_packages_looked_up_once():
    """Each Trainer would read a file of every installed package; none offers callbacks here."""
    with pytest.MonkeyPatch.context() as patch:
        name = "lightning.fabric.utilities.registry.entry_points"
        patch.setattr(name, lru_cache(entry_points), raising=False)
        yield


@pytest.fixture(scope="session")
def short_run(tmp_path_factory):
    """Train an exercise for 20 steps, once a session for each exercise, recipe and `plots`."""
    results = {}
    coarse = {"minmax": {"val_points": 21, "test_points": 31}}  # else 160,801 points a test

    def run(name, recipe="default", *, plots=False):
        key = name, recipe, plots
        if key not in results:
            results[key] = mlpzoo.train(
                name, recipe=recipe, max_steps=20, val_every=10, data=coarse.get(name, {}),
                out=tmp_path_factory.mktemp("runs"), plots=plots, progress=False,
            )  # fmt: skip
        return results[key]

    return run


@pytest.fixture(scope="session")
def stalled_line(tmp_path_factory):
    """The result of the lecture's line, which takes all of its 10,000 steps."""
    return mlpzoo.train(
        "linear", recipe="lecture", out=tmp_path_factory.mktemp("line"), plots=False,
        progress=False, accelerator="cpu",
    )  # fmt: skip


@pytest.fixture
def quiet():
    """Arguments of a plain Trainer that leaves nothing behind."""
    return {
        "accelerator": "cpu",
        "devices": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
    }
