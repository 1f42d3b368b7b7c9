"""A population in pieces is the one that is trained in one, whoever trains it and however often."""

import json
import pickle
import shutil
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mlpzoo import InputError, PopulationSettings, train_population
from mlpzoo.files import Held, alone_in, write_yaml
from mlpzoo.population.module import LitPopulation
from mlpzoo.population.work import job
from mlpzoo.population.work.making import with_part
from mlpzoo.population.work.piece import Cohort, Piece, pieces_of, tables_of
from mlpzoo.pretrained.find import find_network
from mlpzoo.runs.folder import read_config
from mlpzoo.runs.summary import summary_of
from mlpzoo.signals import Interrupted
from mlpzoo.training.resume import plan_run

QUICK = {"max_steps": 400, "val_every": 100, "kernel": "numba", "early_stop": False,
         "plots": False, "progress": False, "accelerator": "cpu"}  # fmt: skip


def weights(module):
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def files(folder):
    """The content of all files in a folder, without what the clock says."""
    found = {}
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".json":
            content = {k: v for k, v in json.loads(content).items() if "second" not in k
                       and "us_a" not in k}  # fmt: skip
        found[str(path.relative_to(folder))] = content
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A population in one piece, and the same in two."""
    out = tmp_path_factory.mktemp("whole")
    given = QUICK | {"members": 24, "first_seed": 3, "out": out}
    return [train_population("xor", part=part, **given) for part in (24, 16)]


@pytest.fixture
def trained(monkeypatch):
    """The names of the pieces' folders that are trained, in their order."""
    names, train = [], Piece._train

    def counted(piece, devices):
        names.append(piece.folder.name)
        train(piece, devices)

    monkeypatch.setattr(Piece, "_train", counted)
    return names


def again(pieces, **given):
    """Give the command of `pieces` once more."""
    given = QUICK | {"members": 24, "first_seed": 3, "part": 16, "out": pieces.parents[1]} | given
    return train_population("xor", **given)


def unfinish(folder, *pieces):
    """Take back that a run and some of its pieces are finished."""
    (folder / "population.json").unlink()
    for number in pieces:
        (folder / f"parts/{number:04d}/part.json").unlink()


@pytest.fixture
def pieces(whole, tmp_path):
    """The folder of the finished two, which may be spoiled."""
    return shutil.copytree(whole[1].folder, tmp_path / "xor-population/version_0")


def test_pieces_are_the_population_that_they_are_cut_from(whole):
    one, two = whole
    assert two.as_csv() == one.as_csv()
    assert (two.folder / "members.csv").read_bytes() == (one.folder / "members.csv").read_bytes()
    assert [len(piece) for piece in two.pieces] == [16, 8]
    parts = [path.relative_to(two.folder) for path in (two.folder / "parts").glob("*/*")]
    names = ("last.ckpt", "members.csv", "metrics.csv", "part.json")
    assert set(parts) == {Path("parts", f"{n:04d}", name) for n in range(2) for name in names}
    for index in (0, 15, 16, 23):
        assert torch.equal(weights(two.member(index)), weights(one.member(index)))
    assert torch.equal(weights(two.best()), weights(one.best()))
    for index in (-1, 24):
        with pytest.raises(InputError, match=f"member must be from 0 to 23, got {index}"):
            two.member(index)


def test_folder_of_a_population_is_no_network(whole):
    for result in whole:
        with pytest.raises(InputError, match="is of a population; take a member from its result"):
            find_network("", path=result.folder)


def test_result_of_pieces_can_be_pickled(whole):
    again = pickle.loads(pickle.dumps(whole[1]))
    assert again.as_json() == whole[1].as_json()
    assert torch.equal(weights(again.member(20)), weights(whole[1].member(20)))


def emptied(piece):
    for path in piece.iterdir():
        path.unlink()


def torn(piece):
    content = (piece / "last.ckpt").read_bytes()
    (piece / "last.ckpt").write_bytes(content[: len(content) // 2])
    (piece / ".last.ckpt.1-2.unfinished").write_bytes(content[:100])


def test_same_command_goes_on_with_what_was_killed_and_leaves_what_is_finished(
    pieces, whole, trained, capfd
):
    said = f"{pieces} has these settings and is not finished: it goes on"
    for spoil in (shutil.rmtree, emptied, torn):
        unfinish(pieces, 1)
        spoil(pieces / "parts/0001")
        assert again(pieces).folder == pieces
        assert files(pieces) == files(whole[1].folder)
        err = capfd.readouterr().err
        assert said in err
        assert "from its start" not in err
    assert trained == ["0001"] * 3


def test_stopped_piece_goes_on_bit_for_bit_and_says_how_the_run_does(
    pieces, whole, trained, monkeypatch
):
    unfinish(pieces, 0, 1)
    shutil.rmtree(pieces / "parts/0000")
    end, asked = LitPopulation.on_validation_epoch_end, []

    def asked_to_stop(module):
        end(module)
        if module.global_step == 200 and not asked:
            asked.append(signal.raise_signal(signal.SIGINT))

    monkeypatch.setattr(LitPopulation, "on_validation_epoch_end", asked_to_stop)
    with pytest.raises(Interrupted) as stop:
        again(pieces)
    assert str(stop.value) == (
        f"stopped after step 200 of parts/0000; go on with: mlpzoo population xor --resume {pieces}"
    )
    assert trained == ["0000"]
    assert summary_of(pieces)["state"] == "resumable"
    assert summary_of(pieces)["steps"] == (200 + 400) // 2
    train_population("xor", resume=pieces, progress=False)
    assert trained == ["0000", "0000", "0001"]
    assert files(pieces) == files(whole[1].folder)


def test_two_at_work_in_a_run_share_its_pieces(pieces, whole, trained):
    unfinish(pieces, 0, 1)
    held, states = threading.Event(), []

    def other():
        with alone_in(pieces, shared=True), alone_in(pieces / "parts/0000"):
            held.set()
            while not (pieces / "parts/0001/part.json").exists():
                time.sleep(0.05)
            states.append(summary_of(pieces)["state"])

    thread = threading.Thread(target=other)
    thread.start()
    held.wait()
    again(pieces)
    thread.join()
    assert trained == ["0001", "0000"]
    assert states == ["running"]
    assert files(pieces) == files(whole[1].folder)


def test_run_in_pieces_goes_on_for_longer_as_one_that_was_asked_to_at_once(pieces, trained):
    with alone_in(pieces, shared=True), pytest.raises(Held, match="in another process"):
        train_population("xor", resume=pieces, max_steps=500, progress=False)
    assert not trained
    longer = train_population("xor", resume=pieces, max_steps=500, progress=False)
    assert trained == ["0000", "0001"]
    assert read_config(pieces / "config.yaml")["max_steps"] == 500
    at_once = train_population("xor", **QUICK | {"max_steps": 500}, members=24, first_seed=3,
                               out=pieces.parents[2] / "other")  # fmt: skip
    assert longer.as_csv() == at_once.as_csv()
    assert longer.steps == 500
    for index in (0, 23):
        assert torch.equal(weights(longer.member(index)), weights(at_once.member(index)))
    state = torch.load(pieces / "parts/0001/last.ckpt", weights_only=True)["mlpzoo"]
    assert state["changes"] == [{"step": 400, "settings": {"max_steps": [400, 500]}}]


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({"part": 8}, "part is 16 in .* and would be 8; that needs a run of its own"),
        ({"keep": "none"}, "keep is all in .* and would be none; that needs a run of its own"),
        (
            {"max_steps": 200, "change": ["max_steps"]},
            "200 is below step 400, which .* has reached",
        ),
    ],
)
def test_change_that_does_not_fit_leaves_a_finished_run_whole(given, part, pieces):
    before = files(pieces)
    with pytest.raises(InputError, match=part):
        train_population("xor", resume=pieces, progress=False, **given)
    assert files(pieces) == before


def test_finished_run_is_left_alone_unless_it_is_damaged(pieces, whole, trained, capfd):
    before = files(pieces)
    result = train_population("xor", resume=pieces, progress=False)
    assert result.as_csv() == whole[1].as_csv()
    assert not trained
    assert f"{pieces} is finished; there is nothing" in capfd.readouterr().err
    (pieces / "parts/0000/last.ckpt").write_bytes(b"damaged")
    (pieces / "parts/0001/members.csv").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"0001/members.csv is not .*; remove .*part.json, then"):
        result.pieces[1].table()
    train_population("xor", resume=pieces, progress=False)
    assert trained == ["0000", "0001"]
    assert files(pieces) == before
    (pieces / "population.json").write_bytes(b"{")
    train_population("xor", resume=pieces, progress=False)
    assert files(pieces) == before


def test_same_command_mends_what_is_damaged(pieces, whole, trained, capfd):
    unfinish(pieces)
    for name in ("parts/0000/last.ckpt", "parts/0001/members.csv"):
        content = (pieces / name).read_bytes()
        (pieces / name).write_bytes(content[: len(content) // 2])
    again(pieces)
    assert capfd.readouterr().err.count("is damaged, and is trained again") == 2
    assert trained == ["0000", "0001"]
    assert files(pieces) == files(whole[1].folder)


@pytest.mark.parametrize("name", ["last.ckpt", "members.csv", "population.json"])
def test_damage_of_the_only_piece_is_mended(name, whole, tmp_path):
    folder = shutil.copytree(whole[0].folder, tmp_path / "xor-population/version_0")
    before = files(folder)
    (folder / name).write_bytes(before[name][:40] if isinstance(before[name], bytes) else b"{")
    train_population("xor", resume=folder, progress=False)
    after = files(folder)
    assert after["members.csv"] == before["members.csv"]
    assert after["population.json"] == before["population.json"]
    assert after["last.ckpt"] == before["last.ckpt"]


def test_rate_is_not_changed_in_the_middle_of_some_pieces_alone(pieces, trained, capfd):
    given = {"resume": pieces, "progress": False, "module": {"lr": 0.5}, "change": "module.lr"}
    unfinish(pieces, 1)
    shutil.rmtree(pieces / "parts/0001")
    before = files(pieces)
    with pytest.raises(InputError, match=r"module.lr cannot .* between steps 0 and 400: finish it"):
        train_population("xor", **given)
    assert files(pieces) == before
    train_population("xor", resume=pieces, progress=False)
    train_population("xor", **given, max_steps=500)
    assert trained == ["0001", "0000", "0001"]
    said = "goes on with max_steps 500, module.lr 0.5: its 2 pieces are trained on"
    assert said in capfd.readouterr().err


def test_run_folder_that_is_gone_is_not_made_again(pieces, monkeypatch):
    unfinish(pieces, 0, 1)
    monkeypatch.setattr(Piece, "_train", lambda piece, devices: shutil.rmtree(piece.run))
    with pytest.raises(InputError, match=f"the run folder {pieces} is gone, and the run with it"):
        again(pieces)
    assert not pieces.exists()


def test_threads_and_pictures_are_no_other_run(pieces, trained):
    unfinish(pieces, 1)
    shutil.rmtree(pieces / "parts/0001")
    config = read_config(pieces / "config.yaml")
    write_yaml(pieces / "config.yaml", config | {"threads": 2, "plots": True})
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert again(pieces).folder == pieces
    finally:
        torch.set_num_threads(threads)
    assert trained == ["0001"]
    state = torch.load(pieces / "parts/0001/last.ckpt", weights_only=True)["mlpzoo"]
    assert state["threads"] == 1


def test_run_of_several_that_met_its_bar_says_how_it_trains_on(pieces):
    for part in (pieces / "parts").glob("*/part.json"):  # as if all had been solved by then
        part.write_text(json.dumps(json.loads(part.read_text()) | {"steps": 300}))
    given = {"max_steps": 500, "early_stop": True, "change": "early_stop", "progress": False}
    with pytest.raises(InputError, match=r"met its bar and stopped at step 300; .*--no-early-stop"):
        train_population("xor", resume=pieces, **given)
    assert summary_of(pieces)["state"] == "finished"


@pytest.mark.parametrize(("keep", "part"), [("solved", 16), ("failed", 24)])
def test_weights_of_some_are_kept_and_nothing_else_of_what_is_finished(
    keep, part, whole, tmp_path, trained, monkeypatch
):
    given = QUICK | {"members": 24, "first_seed": 3, "part": part, "keep": keep, "out": tmp_path}
    with monkeypatch.context() as patch:  # as if killed before the states are removed
        patch.setattr(Piece, "tidy", lambda piece: None)
        result = train_population("xor", **given)
    assert sorted(result.folder.rglob("last.ckpt"))
    del trained[:]
    result = train_population("xor", resume=result.folder, progress=False)
    assert part == 24 or not trained
    assert not sorted(result.folder.rglob("*.ckpt"))
    assert result.as_csv() == whole[0].as_csv()
    assert result.as_json() | {"seconds": 0, "us_a_member_step": 0} == whole[0].as_json() | {
        "seconds": 0, "us_a_member_step": 0
    }  # fmt: skip
    for index, member in enumerate(whole[0].members):
        if keep == {True: "solved", False: "failed"}[member.solved]:
            assert torch.equal(weights(result.member(index)), weights(whole[0].member(index)))
        else:
            with pytest.raises(InputError, match="were not kept"):
                result.member(index)
    with pytest.raises(InputError, match=f"keeps no states .keep is {keep}.: it ends as it is"):
        train_population("xor", resume=result.folder, max_steps=500, progress=False)
    path = next(result.folder.rglob("kept.safetensors"))
    content = path.read_bytes()
    path.write_bytes(content[:-4])
    train_population("xor", resume=result.folder, progress=False)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "module", "part"),
    [("xor", {}, 1024), ("sin", {"hidden_features": (16, 16)}, 64), ("sin", {}, 16)],
)
def test_size_of_a_piece_follows_from_that_of_a_member(name, module, part):
    given = {"members": 3000, "module": module, "accelerator": "cpu", "recipe": "lecture"}
    assert with_part(plan_run(name, given, PopulationSettings)).settings.part == part


def test_run_from_before_there_were_pieces_goes_on_as_one(whole, tmp_path):
    old = shutil.copytree(whole[0].folder, tmp_path / "xor-population/version_0")
    config = read_config(old / "config.yaml")
    write_yaml(old / "config.yaml", {k: v for k, v in config.items() if k not in ("part", "keep")})
    before = files(old)
    result = train_population("xor", resume=old, progress=False)
    assert result.as_csv() == whole[0].as_csv()
    assert files(old) == before


def planned(module, **given):
    settings = QUICK | {"members": 10, "part": 16, "module": module} | given
    return plan_run("xor", settings, PopulationSettings)


def cohorts(*rates, **given):
    plans = [planned({"lr": lr}, **given) for lr in rates]
    return [Cohort(index, plan, plan.settings.seeds) for index, plan in enumerate(plans)]


def held(pieces):
    return [[(each.index, each.seeds) for each in piece.cohorts] for piece in pieces]


def test_cohorts_are_cut_by_their_settings_and_those_that_may_train_together_share_pieces(tmp_path):
    first, second, third = cohorts(0.01, 0.02, 0.03)
    sgd = replace(second, plan=planned({"optimizer": "sgd"}))
    cut = pieces_of([first, sgd, third], tmp_path, prefix="2-")
    assert [piece.folder.name for piece in cut] == ["2-0000", "2-0001", "2-0002"]
    assert held(cut) == [[(0, range(10)), (2, range(6))], [(2, range(6, 10))], [(1, range(10))]]
    many = cohorts(0.01, 0.02, 0.03, members=9)
    two = held(pieces_of(many, tmp_path))
    assert two == [[(0, range(9)), (1, range(7))], [(1, range(7, 9)), (2, range(9))]]
    (alone,) = pieces_of(many[:1], tmp_path)
    assert alone.folder == tmp_path
    (named,) = pieces_of(many[:1], tmp_path, prefix="0-")
    assert named.folder == tmp_path / "parts/0-0000"


def test_pieces_are_of_nearly_equal_size_and_fill_vectors(tmp_path):
    for members, part in ((100_000, 1024), (17, 16), (2030, 1024), (100, 7)):
        cut = pieces_of(cohorts(0.01, members=members, part=part), tmp_path, prefix="0-")
        sizes = [len(piece) for piece in cut]
        assert sum(sizes) == members
        assert len(sizes) == -(-members // part)
        assert max(sizes) <= part
        assert part % 16 or all(size % 16 == 0 for size in sizes[:-1])
        assert max(sizes) - min(sizes) <= (1 if part % 16 else 31)


def test_members_of_several_settings_in_a_piece_are_those_of_each_alone(tmp_path):
    quick = {"kernel": "torch", "max_steps": 20, "val_every": 10}
    cut = pieces_of(cohorts(0.01, 0.03, **quick), tmp_path)
    assert held(cut) == [[(0, range(10)), (1, range(6))], [(1, range(6, 10))]]
    for piece in cut:
        piece.train()
    tables = tables_of(cut)
    single = train_population(
        "xor", **QUICK | quick, members=10, module={"lr": 0.03}, out=tmp_path / "alone"
    )
    for ours, own in zip(tables[1], single.members, strict=True):
        assert ours.seed == own.seed
        assert ours.metrics == pytest.approx(own.metrics, rel=1e-5)
    for ours, own in ((cut[0].member(15), 5), (cut[1].member(3), 9)):
        torch.testing.assert_close(weights(ours), weights(single.member(own)))
    state = torch.load(cut[0].folder / "last.ckpt", weights_only=True)["mlpzoo"]
    assert state["also"] == [{"members": 6, "module.lr": 0.03}]


def test_job_goes_on_with_the_newest_run_of_the_very_settings_alone(tmp_path, capfd):
    config = {"exercise": "xor", "members": 5, "part": 16, "module": {"lr": 0.1}}
    first, second = (job.open_job(tmp_path, {**config, "seed": seed}) for seed in (1, 2))
    assert [first.name, second.name] == ["version_0", "version_1"]
    assert job.open_job(tmp_path, {**config, "seed": 1}) == first
    with alone_in(first):
        assert job.open_job(tmp_path, {**config, "seed": 1}).name == "version_2"
    (first / "population.json").touch()
    assert job.open_job(tmp_path, {**config, "seed": 1}).name == "version_2"
    for own in ({"exercise": "mine"}, {"trainer": {"gradient_clip_val": {"object": "a.B"}}}):
        made = [job.open_job(tmp_path, config | own) for _ in range(2)]
        assert made[0] != made[1]
    assert capfd.readouterr().err.count("it goes on") == 2
