"""An exercise of another package, installed beside mlpzoo: every command takes it by its name."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mlpzoo.cli import main
from mlpzoo.training import pictures

PACKAGE = Path(__file__).parent / "package"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with a folder `site`, into which the package is installed."""
    folder = tmp_path_factory.mktemp("outside")
    source = folder / "package"
    shutil.copytree(PACKAGE, source)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder / "site",
         source],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def run(installed, monkeypatch, capsys):
    """Run a command line where the package is installed; gives code, stdout, stderr."""
    monkeypatch.chdir(installed)
    monkeypatch.syspath_prepend(installed / "site")

    def run(line):
        code = main(line.split())
        return code, *capsys.readouterr()

    yield run
    sys.modules.pop("cubes", None)


def fresh(line, folder):
    """Run a command line in a process of its own, where the package is installed."""
    paths = os.pathsep.join(filter(None, (str(folder / "site"), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-m", "mlpzoo", *line.split()], cwd=folder, text=True,
        capture_output=True, timeout=300, env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def test_it_is_listed_and_explained(run, installed):
    listed = fresh("list", installed)[1]
    assert "cube        y = x^3 on [-1, 1], an exercise of a package of its own." in listed
    shown = run("show cube")[1]
    assert "A small tanh network does it." in shown
    assert "--data.batch_size" in shown


def test_it_is_trained_by_name_with_pictures_and_goes_on(run, installed, monkeypatch):
    monkeypatch.setattr(pictures, "LEAST", 1)  # a film of two frames: each takes long to draw
    code, out, err = run("train cube --seed 3 --film --plot-every 5")
    assert (code, "yes" in out) == (0, True), err
    made = installed / "checkpoints/cube/version_0"
    figures = {path.name for path in (made / "figures").iterdir()}
    assert {"cube.png", "neurons.png", "network.png", "loss.png", "film.gif"} < figures
    assert json.loads((made / "result.json").read_text())["exercise"] == "cube"
    steps = json.loads((made / "result.json").read_text())["steps"]
    sys.modules.pop("cubes")  # found anew, as by a process of its own
    code, _, err = run(f"train cube --resume {made} --max-steps 1200 --no-early-stop "
                       "--change early_stop --no-film --change film --no-plots")  # fmt: skip
    assert (code, f"goes on from step {steps}" in err) == (0, True)
    ckpt = made / "best.ckpt"
    assert run(f"test cube --ckpt {ckpt}")[0] == 0
    assert float(run(f"predict cube --ckpt {ckpt} 0.5")[1]) == pytest.approx(0.125, abs=0.05)
    assert run(f"export {ckpt} --out cube.json")[0] == 0


def test_it_is_trained_many_times_and_verified(run):
    code, out, _ = run("population cube --members 3 --no-plots")
    assert (code, "3 of 3 solved" in out) == (0, True)
    code, out, _ = run("verify cube --seed 1")
    assert (code, "passed" in out) == (0, True)


def test_package_that_fails_costs_the_others_nothing(run, installed):
    info = installed / "site/broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[mlpzoo.exercises]\nnowhere = no_such_package.sub:EXERCISE\nleaves = leaves:EXERCISE\n"
    )
    (installed / "site/leaves.py").write_text("raise SystemExit(3)\n")
    code, out, _ = run("list")
    assert (code, "cannot be read" in out, "cube" in out) == (0, True, True)
    for name in ("nowhere", "leaves"):
        code, _, err = run(f"show {name}")
        assert (code, f"exercise {name!r}" in err) == (2, True)
    shutil.rmtree(info)
