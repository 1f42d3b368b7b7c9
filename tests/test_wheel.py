"""The wheel as its users get it: what is in it, and what a type checker sees."""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = """\
from pathlib import Path

from matplotlib.figure import Figure

import mlpzoo
from mlpzoo import Result

result: Result = mlpzoo.train("xor", seed=3, max_steps=100, module={"lr": 0.01}, plots=False)
again = mlpzoo.train(mlpzoo.get_exercise("sin"), resume=result.folder, trainer={"profiler": None})
solved: int = mlpzoo.train_population("xor", members=3, first_seed=7).solved
figure: Figure = mlpzoo.plot_neurons(mlpzoo.load_pretrained("sin"), [(-10.0, 10.0)])
figure.savefig("neurons.png")
net = mlpzoo.SequentialMLP(hidden_features=(8,))
mlpzoo.export(net, "net.json")
path: Path = mlpzoo.page(net, (-1, 1)).write("net.html")
"""
OPTIONAL = """\
[mypy]
[mypy-jax.*,onnxruntime.*,onnxscript.*]
follow_imports = skip
ignore_missing_imports = true
"""
WRONG = {
    'mlpzoo.train("xor", sed=3)': 'Unexpected keyword argument "sed"',
    'mlpzoo.train("xor", seed="3")': 'incompatible type "str"; expected "int"',
    'mlpzoo.train_population("xor", seed=3)': 'Unexpected keyword argument "seed"',
    "mlpzoo.SequentialMLP(hidden=3)": 'Unexpected keyword argument "hidden"',
    "mlpzoo.trian": 'Module has no attribute "trian"',
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    (path,) = folder.glob("mlpzoo-*.whl")
    return path


def installed(wheel, folder):
    """Unpack the wheel in an environment that has all else that this one has; gives its Python."""
    venv.create(folder, symlinks=True)
    (python,) = folder.glob("bin/python")
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    zipfile.ZipFile(wheel).extractall(site)
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_it_holds_the_rooms_and_the_weights_and_nothing_for_developers(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"mlpzoo", f"{wheel.stem[:12]}.dist-info"}
    assert {"mlpzoo/py.typed", "mlpzoo/__init__.pyi"} < set(names)
    assert "mlpzoo/pretrained/weights/sin.safetensors" in names
    assert not [n for n in names for part in ("bench", "fault", "torture", "release") if part in n]


def test_a_users_script_passes_a_strict_type_checker_and_its_mistakes_do_not(wheel, tmp_path):
    pytest.importorskip("mypy")
    python = installed(wheel, tmp_path / "venv")
    (tmp_path / "mypy.ini").write_text(OPTIONAL)
    if (ROOT / ".mypy_cache").exists():  # what mypy knows of torch saves it half a minute
        shutil.copytree(ROOT / ".mypy_cache", tmp_path / ".mypy_cache")
    mistakes = "\n".join(WRONG)
    (tmp_path / "right.py").write_text(SCRIPT)
    (tmp_path / "wrong.py").write_text(f"import mlpzoo\n\n{mistakes}\n")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, "right.py",
         "wrong.py"],
        cwd=tmp_path, env={}, text=True, capture_output=True,
    )  # fmt: skip
    found = run.stdout.splitlines()
    assert not [line for line in found if line.startswith("right.py")]
    for number, part in enumerate(WRONG.values(), start=3):
        assert any(line.startswith(f"wrong.py:{number}:") and part in line for line in found), found
