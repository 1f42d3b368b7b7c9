"""What a command loads before it answers: torch takes over a second, Lightning over two more."""

import inspect
import subprocess
import sys

import pytest

from mlpzoo import get_exercise, list_exercises
from mlpzoo.checks import as_typed
from mlpzoo.exercises.arguments import meanings
from mlpzoo.exercises.declared import Declared, arguments_of
from mlpzoo.pretrained.manifest import get_pretrained, list_pretrained, load_pretrained, sizes_of

WITHOUT_TORCH = [
    "--version", "list", "list --pretrained", "show sin", "show linear --json", "show xor-lecture",
    "show minmax-exact --json", "predikt sin 1", "predict sni 1", "train xor --sede 3",
    "train xor --max-steps abc", "train xor --seed -1", "predict sin abc", "plot sin --step -1",
    "formula xor --real float", "formula xor --digits 0", "certify sin --gap 0",
    "train xor --module.lrr 1", "train sin --data.lo 1", "population xor --members 0",
    "explain xor --lr abc", "certify", "export xor", "page xorr",
]  # fmt: skip
WITHOUT_LIGHTNING = [
    "predict sin 1.57", "predict or-exact 0 1", "predict minmax 3 8 --json",
    "predict --weights 0.5,0.5,-0.25 1 1", "export xor --format json", "plot linear --out .",
    "explain xor-step", "formula xor", "certify or-exact", "test xor",
    "verify --shipped linear", "page xor", "page sin", "page minmax", "page linear --out x.html",
]  # fmt: skip
CODE = """
import sys
import mlpzoo
from mlpzoo.cli import main

def run(lines, heavy):
    for line in lines:
        try:
            main(line.split())
        except SystemExit:
            pass
        found = heavy & set(sys.modules)
        assert not found, (line, found)

run({without_torch}, {{"torch", "numpy", "lightning"}})
heavy = {{"lightning", "pytorch_lightning", "torchmetrics", "torch._dynamo", "sympy"}}
run({without_lightning}, heavy)
net = mlpzoo.load_pretrained("sin")
mlpzoo.get_exercise("sin").samples()
assert not heavy & set(sys.modules)
"""


def test_commands_load_no_more_than_they_need(tmp_path):
    code = CODE.format(without_torch=WITHOUT_TORCH, without_lightning=WITHOUT_LIGHTNING)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", list_exercises())
def test_arguments_read_in_the_source_are_those_of_the_classes(name):
    exercise = get_exercise(name)
    found, recipe, data = arguments_of(exercise), exercise.recipe(), exercise.data()
    own = {"data": data.arguments, "module": exercise.module(data).hparams}
    for group, cls in (("data", exercise.data_class), ("module", exercise.module_class)):
        parameters, said = inspect.signature(cls).parameters, meanings(cls)
        assert list(found[group]) == list(parameters)
        for argument, (default, meaning) in found[group].items():
            assert meaning == said.get(argument, "")
            if argument not in ("steps_per_epoch", "block_steps"):  # which a run sets
                assert as_typed(default) == as_typed(own[group][argument])
    assert found["data"]["block_steps"][0] == recipe.block_steps


def test_a_class_given_as_itself_is_read_as_by_its_name():
    by_name = Declared("mlpzoo.data.gate:GateSamples")
    from mlpzoo.data import GateSamples

    assert by_name.defaults == Declared(GateSamples).defaults
    assert by_name.meanings == Declared(GateSamples).meanings


@pytest.mark.parametrize("name", list_pretrained())
def test_parameters_counted_in_the_file_are_those_of_the_network(name):
    net, record = load_pretrained(name), get_pretrained(name)
    assert sorted(sizes_of(record)) == sorted(p.numel() for p in net.parameters())
    inputs = next(p.shape[1] for p in net.parameters() if p.dim() == 2)
    assert record.network.partition("-")[0] == str(inputs)
