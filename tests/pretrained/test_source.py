"""C and Python of `export` are compiled, run and asked; torch in float64 is the oracle."""

import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from mlpzoo import DualHeadMLP, InputError, Perceptron, SequentialMLP, export, load_pretrained
from mlpzoo.analysis.forms import FORMS
from mlpzoo.cli import main
from mlpzoo.nets.stack import ACTIVATIONS
from mlpzoo.pretrained import agreement
from mlpzoo.pretrained import export as exporting
from mlpzoo.pretrained.export import write_exported
from mlpzoo.pretrained.formats import ExportedNet
from mlpzoo.pretrained.source import to_c, to_python

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")


def with_activations(names):
    torch.manual_seed(0)
    return nn.Sequential(*(p for name in names for p in (nn.Linear(2, 2), ACTIVATIONS[name]())))


NETS = {
    "activations": lambda: with_activations(set(FORMS) - {"step"}),
    "scaled": lambda: SequentialMLP(in_features=3, hidden_features=(5, 4), out_features=2,
                                    activation="tanh", out_activation="sigmoid",
                                    in_range=(-0.1, 0.3), out_range=(0.0, 1e4)),
    "columns": lambda: SequentialMLP(in_features=2, hidden_features=(4,), out_features=2,
                                     in_range=((0, 7), (-1e3, 1e3)), out_range=((0, 1), (5, 9))),
    "line": lambda: SequentialMLP(hidden_features=(), in_range=(-10.0, 10.0)),
    "heads": lambda: DualHeadMLP(trunk_features=(6,), value_range=(0.0, 100.0)),
    "gate": lambda: Perceptron(in_features=4),
    "double": lambda: with_activations(["tanh", "identity"]).double(),
}  # fmt: skip


def rows_of(net, rows=40):
    features = next(p for p in net.parameters() if p.dim() == 2).shape[1]
    return np.random.default_rng(0).uniform(-3, 3, (rows, features)).astype(np.float32)


def exact(net, x):
    return net.double()(torch.tensor(x).double()).detach().numpy()


def answers(command, x):
    asked = "\n".join(",".join(map(repr, row)) for row in x.tolist())
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    return np.array([[float(v) for v in row.split(",")] for row in done.stdout.splitlines()])


@pytest.fixture
def compiled(tmp_path):
    def build(text, language="c99"):
        source, program = tmp_path / "network.c", tmp_path / "program"
        source.write_text(text)
        kind = ["-x", "c++"] if language == "c++11" else []
        kind += ["-Wdouble-promotion"] * ("const float x[" in text)  # then all of it is of floats
        command = ["gcc", f"-std={language}", *kind, *STRICT, "-DNETWORK_MAIN", source]
        subprocess.run([*command, "-o", program, "-lm"], check=True)
        return program

    return build


@needs_gcc
@pytest.mark.parametrize("name", NETS)
def test_c_computes_the_network(name, compiled):
    net = NETS[name]()
    x, text = rows_of(net), to_c(ExportedNet(net=net))
    np.testing.assert_allclose(answers(compiled(text), x), exact(net, x), rtol=1e-12, atol=1e-12)


@needs_gcc
@pytest.mark.parametrize("name", ["activations", "scaled", "heads"])
def test_c_of_floats_is_the_float32_network(name, compiled):
    net = NETS[name]()
    x, text = rows_of(net), to_c(ExportedNet(net=net), real="float")
    y = exact(net, x)
    found = answers(compiled(text), x)
    np.testing.assert_allclose(found, y, atol=1e-6 * np.abs(y).max())


@pytest.mark.parametrize("name", NETS)
def test_python_computes_the_network_and_runs_on_rows(name, tmp_path):
    net = NETS[name]()
    x, path = rows_of(net), tmp_path / "net.py"
    path.write_text(to_python(ExportedNet(net=net)))
    found = answers([sys.executable, "-I", path], x)
    np.testing.assert_allclose(found, exact(net, x), rtol=1e-12, atol=1e-12)


@needs_gcc
def test_c_is_cpp_too_and_keeps_nothing(compiled, tmp_path):
    text = to_c(ExportedNet(net=NETS["scaled"]()))
    if shutil.which("g++"):
        compiled(text, "c++11")
    subprocess.run(["gcc", "-std=c99", "-O0", "-c", compiled(text).with_name("network.c"),
                    "-o", tmp_path / "n.o"], check=True)  # fmt: skip
    lines = subprocess.run(["nm", tmp_path / "n.o"], capture_output=True, text=True, check=True)
    symbols = [line.split()[-2:] for line in lines.stdout.splitlines()]
    assert {kind for kind, _ in symbols} <= set("rtTU")  # r: constants; nothing that is written
    assert [name for kind, name in symbols if kind == "T"] == ["network"]
    assert {name for kind, name in symbols if kind == "U"} <= {"exp", "fmin", "fabs", "tanh"}


@needs_gcc
def test_every_float_is_written_so_that_it_comes_back(compiled):
    net = SequentialMLP(in_features=200, hidden_features=(), out_features=1)
    drawn = torch.randint(-(2**31), 2**31, (1, 200), generator=torch.Generator().manual_seed(0))
    values = drawn.to(torch.int32).view(torch.float32)
    tiny = torch.full_like(values, 1e-45)
    net.layers[0].weight.data = torch.where(values.isfinite(), values, tiny)
    net.layers[0].bias.data.zero_()
    unit = np.eye(200)  # each weight alone
    weights = net.layers[0].weight.detach().double().numpy().ravel()
    found = answers(compiled(to_c(ExportedNet(net=net))), unit)
    assert (found.ravel() == weights).all()
    exec(to_python(ExportedNet(net=net)), there := {})
    assert [there["network"](*row) for row in unit.tolist()] == weights.tolist()
    assert "0.1f," in to_c(ExportedNet(net=nn.Sequential(linear_of(0.1))))


def linear_of(weight):
    layer = nn.Linear(1, 1)
    nn.init.constant_(layer.weight, weight)
    return layer


@needs_gcc
def test_names_of_columns_end_no_comment(compiled, tmp_path):
    names = (
        "*/ int y; /*",
        "a\nimport os",
        "coding: latin-5 ??/",
        "/**//",
        'a"""\\',
        "\udcff",
        "µ",
    )
    samples = SimpleNamespace(names=names, ranges=((0.0, 2.5),) * 7, title="-*- coding: x -*- */ ",
                              targets=("*/*/",))  # fmt: skip
    net = SequentialMLP(in_features=7, hidden_features=())
    exported = ExportedNet(net=net, samples=samples)
    text = to_c(exported)
    x = rows_of(net)
    np.testing.assert_allclose(answers(compiled(text), x), exact(net, x), rtol=1e-12)
    assert "x[6] = µ, in [0, 2.5]" in text
    path = tmp_path / "net.py"
    path.write_text(to_python(exported), encoding="utf-8")
    net = net.double()
    np.testing.assert_allclose(answers([sys.executable, path], x), exact(net, x), rtol=1e-12)


@needs_gcc
@pytest.mark.parametrize("rows", ["1\n2\n", "1 2 3 4\n", "a,b\n1,2\n", "1,2\n\n3,", "1,2\n3,x\n"])
def test_program_says_which_row_is_none(rows, compiled, tmp_path):
    text = to_c(ExportedNet(net=NETS["activations"]()))
    done = subprocess.run([compiled(text)], input=rows, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("row ")
    assert "is not 2 number(s)" in done.stderr


@needs_gcc
def test_program_reads_rows_as_people_write_them(compiled):
    program = compiled(to_c(ExportedNet(net=load_pretrained("or-exact"))))
    rows = " 1,0\r\n0\t0\n\n0 ; 1e0"
    done = subprocess.run([program], input=rows, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n0\n1\n"


def test_python_skips_names_and_says_which_line_is_no_row(tmp_path):
    path = tmp_path / "or.py"
    export(load_pretrained("or-exact"), path)
    for rows, out, err in (("a,b\n1,0\n\n0,0", "1.0\n0.0\n", ""), ("1,0\n1\n", "1.0\n", "line 2 ")):
        done = subprocess.run([sys.executable, path], input=rows, capture_output=True, text=True)
        assert done.stdout == out
        assert done.stderr.startswith(err)
        assert done.returncode == bool(err)


@needs_gcc
@pytest.mark.parametrize("kind", ["json", "c", "py"])
def test_command_says_how_far_off_the_file_is(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", "xor", "--format", kind]) == 0
    said = capsys.readouterr().out
    assert "network's answers on 4 rows" in said or "at most from the network on 4 rows" in said
    if kind != "json":
        text = (tmp_path / f"xor.{kind}").read_text()
        assert said.rsplit("; ", 1)[1].strip() in text  # what was measured stands on top
        assert ", in [0, 1]" in text


@needs_gcc
def test_float_is_an_option(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", "xor", "--out", "x.c", "--real", "float"]) == 0
    assert "void network(const float x[2], float y[1]);" in (tmp_path / "x.c").read_text()
    assert main(["export", "xor", "--out", "x.json", "--real", "float"]) == 2
    assert capsys.readouterr().err.endswith("real is of C, and x.json is not; leave float out\n")


@pytest.mark.parametrize(
    ("kind", "maker"), [("c", "to_c"), ("py", "to_python"), ("json", "from_bytes")]
)
def test_file_that_answers_otherwise_is_not_written(kind, maker, tmp_path, monkeypatch):
    if kind == "c" and shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    own, net = getattr(exporting, maker), load_pretrained("xor")
    other = SimpleNamespace(net=load_pretrained("xor-lecture"))
    worse = (lambda content: other) if kind == "json" else (
        lambda exported, **options: own(exported, **options).replace("2.83736", "2.83737")
    )  # fmt: skip
    monkeypatch.setattr(exporting, maker, worse)
    with pytest.raises(InputError, match=r"its answers are off by .*no file was written"):
        export(net, tmp_path / f"x.{kind}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("compilers", "said"), [((), "no C compiler is here"), (("false",), "false failed: exit 1")]
)
def test_where_nothing_compiles_the_file_says_so(compilers, said, tmp_path, monkeypatch):
    monkeypatch.setattr(agreement, "_COMPILERS", compilers)
    path = tmp_path / "x.c"
    exported = ExportedNet(net=load_pretrained("xor"))
    assert write_exported(exported, path).startswith(f"not compiled: {said}")
    assert "It was not compiled when it was written." in path.read_text()


def test_rows_are_few_and_the_same_each_time():
    x = torch.arange(401.0**2).unsqueeze(1)
    assert len(agreement.thinned(x)) == 4096
    assert torch.equal(agreement.thinned(x), agreement.thinned(x))
    assert torch.equal(agreement.thinned(x[:7]), x[:7])


def test_rows_are_those_held_out_or_drawn_where_it_was_trained():
    net = SequentialMLP(in_features=2, hidden_features=(), in_range=(20.0, 40.0))
    gate = agreement.rows_for(ExportedNet(net=net, exercise="xor"))
    assert sorted(gate.tolist()) == [[0, 0], [0, 1], [1, 0], [1, 1]]
    drawn = agreement.rows_for(ExportedNet(net=net))
    assert 20 <= drawn.min() < 21
    assert 39 < drawn.max() <= 40

    def gone(stage):
        raise InputError("the table is gone")

    ranges = ((0.0, 1.0), (5.0, 6.0))
    samples = SimpleNamespace(in_features=2, ranges=ranges, rows_of=gone)
    drawn = agreement.rows_for(ExportedNet(net=net, samples=samples))
    assert torch.equal(drawn.round().amin(0), torch.tensor([0.0, 5.0]))


@pytest.mark.parametrize(
    ("net", "name", "part"),
    [
        (lambda: SequentialMLP(activation="mish"), "x.c", "mish has no formula here; there are"),
        (lambda: SequentialMLP(activation="prelu"), "x.py", "prelu has no formula here"),
        (lambda: nn.Sequential(nn.Conv1d(1, 1, 1)), "x.c", "Conv1d"),
        (lambda: nn.Sequential(linear_of(1.0)), "x.json", "a Sequential cannot be written"),
    ],
)
def test_what_has_no_source_is_refused(net, name, part, tmp_path):
    with pytest.raises(InputError) as caught:
        export(net(), tmp_path / name)
    assert part in str(caught.value)
    assert not list(tmp_path.iterdir())
