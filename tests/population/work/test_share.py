"""Who trains which piece; a process is a thread, which locks hold apart as well."""

import threading
import time

import pytest

from mlpzoo.files import alone_in
from mlpzoo.place import Place
from mlpzoo.population.work import share
from mlpzoo.population.work.group import Group
from mlpzoo.population.work.share import share_out
from mlpzoo.training.many import PopulationSettings

QUIET = PopulationSettings(progress=False)


class Piece:
    """Work of some milliseconds in a folder.

    Args:
        folder: The folder.
        trained: Where it notes who has trained it.
    """

    def __init__(self, folder, trained):
        self.folder, self.trained = folder, trained
        folder.mkdir()

    @property
    def finished(self):
        return (self.folder / "done").exists()

    def train(self, devices):
        with alone_in(self.folder):
            if not self.finished:
                time.sleep(0.01)
                self.trained.append((self.folder.name, devices))
                (self.folder / "done").touch()


@pytest.fixture
def pieces(tmp_path):
    """Make so many pieces, and a list of who trained which."""

    def make(count):
        trained = []
        return [Piece(tmp_path / str(n), trained) for n in range(count)], trained

    return make


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(share, "LOOK_AGAIN", 0.01)
    monkeypatch.setattr(share, "LOOK_AGAIN_AT_MOST", 0.05)


def in_threads(pieces, count):
    groups = [Group(Place("torchrun", rank, count), device=rank) for rank in range(count)]
    threads = [threading.Thread(target=share_out, args=(pieces, group, QUIET)) for group in groups]
    for thread in threads:
        thread.start()
    return threads


def test_each_piece_is_trained_once_and_all_processes_take_part(pieces):
    given, trained = pieces(20)
    for thread in in_threads(given, 3):
        thread.join(10)
    assert sorted(int(name) for name, _ in trained) == list(range(20))
    assert {rank for _, rank in trained} == {0, 1, 2}


def test_only_piece_is_the_first_processs(pieces):
    given, trained = pieces(1)
    for thread in in_threads(given, 3):
        thread.join(10)
    assert trained == [("0", 0)]


def test_piece_of_a_process_that_dies_is_taken_over(pieces):
    given, trained = pieces(2)
    with alone_in(given[1].folder):
        (thread,) = in_threads(given, 1)
        thread.join(0.3)
        assert thread.is_alive()
        assert trained == [("0", 0)]
    thread.join(10)
    assert trained == [("0", 0), ("1", 0)]


def test_first_process_says_how_many_pieces_are_finished(pieces, capfd, monkeypatch):
    monkeypatch.setattr(share, "SAY_AGAIN", 0.0)
    share_out(pieces(2)[0], Group(Place()), PopulationSettings(), name="xor")
    assert capfd.readouterr().err == "xor: 1 of 2 pieces\nxor: 2 of 2 pieces\n"
