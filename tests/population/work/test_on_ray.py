import logging
import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import pytest

from mlpzoo.checks import InputError
from mlpzoo.files import alone_in
from mlpzoo.population import train_population
from mlpzoo.population.work import on_ray


def pieces_in(folder, does=lambda piece: None, count=3):
    """Stand-ins, of a class that no other process can import, so that they travel whole."""

    @dataclass(frozen=True)
    class Piece:
        index: int
        folder: Path
        run: Path

        @property
        def finished(self):
            return (self.folder / "population.json").exists()

        def make_folder(self):
            self.folder.mkdir(parents=True, exist_ok=True)

        def train(self):
            does(self)
            (self.folder / "figures").mkdir()
            (self.folder / "figures/a.png").write_bytes(b"a picture")
            (self.folder / "population.json").write_text(str(self.index))

    return [Piece(index, folder / f"parts/{index:04}", folder) for index in range(count)]


@pytest.fixture(scope="module")
def cluster():
    ray = pytest.importorskip("ray")
    try:
        ray.init("local", num_cpus=2, include_dashboard=False, logging_level=logging.ERROR)
    except Exception as error:
        pytest.skip(f"Ray does not start here: {error}")
    yield ray
    ray.shutdown()


def test_pieces_that_are_left_go_on_and_come_back_whole(cluster, tmp_path):
    def go_on(piece):
        if piece.index == 2:
            assert (piece.folder / "last.ckpt").read_text() == "the state"
            (piece.folder / "last.ckpt").unlink()

    pieces, told = pieces_in(tmp_path, go_on), []
    for piece, name, text in ((1, "population.json", "as it was"), (2, "last.ckpt", "the state")):
        pieces[piece].folder.mkdir(parents=True)
        (pieces[piece].folder / name).write_text(text)
    on_ray.share_out(pieces, told=lambda: told.append(1))
    results = [(piece.folder / "population.json").read_text() for piece in pieces]
    assert results == ["0", "as it was", "2"]
    assert (pieces[0].folder / "figures/a.png").read_bytes() == b"a picture"
    assert not (pieces[2].folder / "last.ckpt").exists()
    assert len(told) == 2


def test_population_on_ray_is_the_one_trained_here(cluster, tmp_path):
    settings = {"members": 6, "part": 2, "max_steps": 200, "plots": False, "progress": False}
    here, there = (
        train_population("perceptron", out=tmp_path / str(on), on=on, threads=1, **settings)
        for on in (None, "ray")
    )
    assert there.as_csv() == here.as_csv()
    weights = [run.folder / "parts/0001/last.ckpt" for run in (here, there)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_piece_that_another_process_holds_is_waited_for(cluster, tmp_path):
    (piece,) = pieces_in(tmp_path, count=1)
    piece.folder.mkdir(parents=True)
    with ExitStack() as held:
        held.enter_context(alone_in(piece.folder))
        Timer(1.5, held.close).start()
        on_ray.share_out([piece])
    assert piece.finished


def test_task_whose_process_is_killed_is_tried_anew(cluster, tmp_path):
    killed = tmp_path / "killed"

    def die_once(piece):
        if not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    (piece,) = pieces_in(tmp_path, die_once, count=1)
    on_ray.share_out([piece])
    assert killed.exists()
    assert piece.finished


def test_task_that_dies_each_time_is_one_line(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(on_ray, "RETRIES", 0)
    pieces = pieces_in(tmp_path, lambda piece: os.kill(os.getpid(), signal.SIGKILL), count=1)
    with pytest.raises(InputError, match=r"parts/0000 died 1 times on Ray \(WorkerCrashedError\)"):
        on_ray.share_out(pieces)


def test_refused_piece_is_one_line_that_names_its_own_folder(cluster, tmp_path):
    def refuse(piece):
        raise InputError(f"cannot work in {piece.folder}: no space")

    with pytest.raises(InputError, match=f"^cannot work in {tmp_path}/parts/0000: no space$"):
        on_ray.share_out(pieces_in(tmp_path, refuse, count=1))


def test_piece_for_which_no_machine_has_room_is_one_line(cluster, tmp_path):
    with pytest.raises(InputError, match="takes 1000 CPUs"):
        on_ray.share_out(pieces_in(tmp_path), cores=1000)


def test_other_versions_on_the_cluster_are_one_line(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(on_ray, "_versions", lambda: {"mlpzoo": "0.0.1"})
    with pytest.raises(InputError, match=r"has .*this one .*0\.0\.1"):
        on_ray.share_out(pieces_in(tmp_path, count=1))


def test_settings_that_cannot_be_sent_are_one_line(cluster, tmp_path):
    (piece,) = pieces_in(tmp_path, count=1)
    object.__setattr__(piece, "index", sys.stdout)
    with pytest.raises(InputError, match="cannot be sent to Ray"):
        on_ray.share_out([piece])


def test_address_where_nobody_answers_is_one_line(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(InputError, match=r"^no Ray cluster answers at RAY_ADDRESS '127.0.0.1:1'"):
        on_ray.share_out(pieces_in(tmp_path))


def test_ray_and_devices_exclude_each_other():
    with pytest.raises(InputError, match="on ray takes no devices 2; leave one of them out"):
        train_population("xor", on="ray", devices=2)


def test_without_ray_it_is_one_line_that_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"^Ray is not installed.*pip install 'mlpzoo\[ray\]'$"):
        train_population("perceptron", on="ray", out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_ray_that_cannot_be_loaded_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"^Ray does not start"):
        on_ray.share_out(pieces_in(tmp_path))


def test_finished_pieces_need_no_ray(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    on_ray.share_out([])
