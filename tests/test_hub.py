import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mlpzoo import list_pretrained
from tests.published import INPUTS, LOGITS

ROOT = Path(__file__).parents[1]


@pytest.fixture
def as_repository(monkeypatch):
    """Have torch.hub take this checkout for what it would have fetched."""
    monkeypatch.setattr(torch.hub, "_get_cache_or_reload", lambda *_, **__: str(ROOT))


def test_hub_lists_exactly_the_networks(as_repository):
    listed = torch.hub.list("mlpzoo/mlpzoo", trust_repo=True)
    assert {name.replace("_", "-") for name in listed} == set(list_pretrained())
    assert set(list_pretrained()) < set(listed)


@pytest.mark.parametrize("name", list_pretrained())
def test_hub_helps_with_every_network(name, as_repository):
    text = torch.hub.help("mlpzoo/mlpzoo", name, trust_repo=True)
    assert "Recipe: " in text
    assert "measured: " in text


@pytest.mark.parametrize("name", ["xor-lecture", "xor_lecture"])
def test_hub_loads_from_a_folder(name):
    net = torch.hub.load(str(ROOT), name, source="local")
    torch.testing.assert_close(net(INPUTS).flatten(), torch.tensor(LOGITS), atol=1e-3, rtol=0)


def test_hub_needs_no_more_than_torch_and_safetensors(tmp_path):
    shutil.copytree(ROOT / "src/mlpzoo", tmp_path / "src/mlpzoo")
    shutil.copy(ROOT / "hubconf.py", tmp_path)
    code = (
        "import sys, torch\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        missing = ('lightning', 'torchmetrics', 'matplotlib', 'yaml', 'jsonargparse')\n"
        "        if name.partition('.')[0] in missing: raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "folder = sys.argv[1]; before = list(sys.path)\n"
        "net = torch.hub.load(folder, 'minmax-exact', source='local')\n"
        "assert net(torch.tensor([[3.0, 8.0]])).tolist() == [[8.0, 3.0]]\n"
        "assert sys.modules['mlpzoo'].__file__.startswith(folder)\n"
        "assert sys.path == before\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120,
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
