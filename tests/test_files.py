import os
import subprocess
import sys

import pytest

from mlpzoo import InputError
from mlpzoo.files import alone_in, keep_as, sweep, write_json, write_whole


def test_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "a"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_reader_of_the_old_file_never_sees_the_new_one(tmp_path):
    path = tmp_path / "a"
    write_whole(path, b"old" * 1000)
    with path.open("rb", buffering=0) as reader:
        assert reader.read(3) == b"old"
        write_whole(path, b"new" * 1000)
        assert reader.read() == b"old" * 999


def test_file_keeps_its_mode_and_a_link_stays_one(tmp_path):
    path, link = tmp_path / "there" / "a", tmp_path / "link"
    path.parent.mkdir()
    path.write_bytes(b"old")
    path.chmod(0o600)
    link.symlink_to(path)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["link", "there"]


def test_link_to_nothing_yet_is_followed(tmp_path):
    (tmp_path / "link").symlink_to("a")
    write_whole(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_bytes() == b"new"


def test_pipe_is_written_into(tmp_path):
    os.mkfifo(path := tmp_path / "pipe")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(path, b"new")
    assert os.read(reader, 10) == b"new"
    assert path.is_fifo()
    os.close(reader)


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a"
    write_whole(path, b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new" * 1000)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("links", [True, False])
def test_second_name_keeps_the_content(links, tmp_path, monkeypatch):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links")))
    last, previous = tmp_path / "last", tmp_path / "previous"
    for content in (b"1", b"2", b"3"):
        if last.exists():
            keep_as(last, previous)
        write_whole(last, content)
    assert (last.read_bytes(), previous.read_bytes()) == (b"3", b"2")
    assert sorted(os.listdir(tmp_path)) == ["last", "previous"]


def test_what_a_killed_process_left_is_swept(tmp_path):
    (tmp_path / "figures").mkdir()
    for name in (".last.ckpt.1-2.unfinished", "figures/.sin.png.1-2.unfinished", "kept"):
        (tmp_path / name).write_bytes(b"")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["kept"]


def test_folder_is_held_against_other_processes_until_the_process_ends(tmp_path):
    code = (
        "import sys, time\nfrom mlpzoo.files import alone_in\nfrom pathlib import Path\n"
        "with alone_in(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    with pytest.raises(InputError, match="in another process"), alone_in(tmp_path):
        pass
    other.kill()
    other.communicate()
    with alone_in(tmp_path):
        pass


def test_numbers_that_are_not_finite_become_null(tmp_path):
    write_json(tmp_path / "a.json", {"a": [1.0, float("nan")], "b": float("inf")})
    assert (tmp_path / "a.json").read_text() == (
        '{\n  "a": [\n    1.0,\n    null\n  ],\n  "b": null\n}\n'
    )
