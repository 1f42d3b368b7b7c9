import io
import zipfile

import pytest
import torch

from mlpzoo import InputError, LitSequentialMLP, list_exercises, load_module
from mlpzoo.runs.checkpoint import FORMAT, RECORD, pack, read_checkpoint, unpack


@pytest.fixture
def path(short_run, tmp_path):
    """A copy of a checkpoint that may be damaged."""
    copy = tmp_path / "x.ckpt"
    copy.write_bytes((short_run("linear").folder / "best.ckpt").read_bytes())
    return copy


def test_equal_content_gives_equal_bytes_whatever_objects_hold_it():
    name = "".join(["st", "ep"])
    one = {"step": 1, "other": {"step": [1.5, (2, None)]}, "w": torch.ones(3)}
    two = {"step": 1, "other": {name: [1.5, (2, None)]}, "w": torch.ones(3)}
    assert pack(one) == pack(two)
    assert pack(one) != pack({**one, "step": 2})


@pytest.mark.parametrize("name", list_exercises())
def test_torch_and_zip_read_the_file_as_any_other(name, short_run):
    path = short_run(name).folder / "best.ckpt"
    ours, plain = read_checkpoint(path), torch.load(path, weights_only=True)
    assert ours.keys() == plain.keys()
    assert zipfile.ZipFile(path).testzip() is None


def test_lightning_loads_it_too(short_run):
    folder = short_run("sin").folder
    module = LitSequentialMLP.load_from_checkpoint(folder / "best.ckpt", map_location="cpu")
    assert torch.equal(
        module.net.layers[0].weight, load_module(folder / "best.ckpt")[0].net.layers[0].weight
    )


def test_every_changed_bit_is_noticed(path):
    whole = path.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 400)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(InputError, match=r"damaged|end is missing"):
            unpack(bytes(damaged))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_cut_file_is_refused(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="its end is missing"):
        read_checkpoint(path)


def test_newer_format_is_refused(path):
    checkpoint = read_checkpoint(path)
    checkpoint[RECORD]["format"] = FORMAT + 1
    path.write_bytes(pack(checkpoint))
    with pytest.raises(InputError, match="take a newer mlpzoo"):
        read_checkpoint(path)


def test_archive_that_would_unpack_to_more_is_refused(path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(10**7))
    sealed = pack({})  # for its seal's length; the seal itself is made anew below
    from mlpzoo.runs.checkpoint import _SEAL_LENGTH, _seal

    content = bytearray(bomb.getvalue())
    content[-2:] = _SEAL_LENGTH.to_bytes(2, "little")
    assert len(sealed) > _SEAL_LENGTH
    with pytest.raises(InputError, match="more than it holds"):
        unpack(bytes(content) + _seal(content))


def test_settings_that_do_not_fit_the_weights_take_no_memory(path):
    checkpoint = read_checkpoint(path)
    checkpoint["hyper_parameters"]["hidden_features"] = (10**6, 10**6)
    path.write_bytes(pack(checkpoint))
    with pytest.raises(InputError, match="does not fit its exercise"):
        load_module(path)


def test_a_start_of_before_it_had_a_gain_has_gain_1(path):
    checkpoint = read_checkpoint(path)
    assert checkpoint["hyper_parameters"].pop("gain") == 1.0
    path.write_bytes(pack(checkpoint))
    module, _ = load_module(path)
    assert module.hparams["gain"] == 1.0
    for name, weights in checkpoint["state_dict"].items():
        assert torch.equal(module.state_dict()[name], weights)


@pytest.mark.parametrize("name", ["https://example.org/x.ckpt", "s3://bucket/x.ckpt", "hf://x/y"])
def test_addresses_are_names_of_files_and_never_fetched(name):
    with pytest.raises(InputError, match="does not exist"):
        read_checkpoint(name)
