import pytest
import torch

from mlpzoo import train


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)  # the networks are too small for more


@pytest.fixture(scope="session")
def short_run(tmp_path_factory):
    """Train an exercise for 20 steps, once a session for each exercise and recipe."""
    results = {}

    def run(name, recipe="default"):
        if (name, recipe) not in results:
            out = tmp_path_factory.mktemp("runs")
            results[name, recipe] = train(
                name, recipe=recipe, max_steps=20, val_every=10, out=out, progress=False
            )
        return results[name, recipe]

    return run


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
