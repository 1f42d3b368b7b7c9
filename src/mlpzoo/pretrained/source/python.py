"""A network as one module of Python."""

from collections.abc import Iterator

from mlpzoo.analysis.forms import PYTHON, own_functions
from mlpzoo.analysis.layers import Array, Layers, layers_of
from mlpzoo.pretrained.formats import ExportedNet
from mlpzoo.pretrained.source.told import arrays_of, output_names, told

_LAYER = '''

def layer(source, weight, bias):
    """Return bias + weight * source; the weights of one unit stand together."""
    return [b + sum(w * s for w, s in zip(row, source)) for row, b in zip(weight, bias)]

'''
_MAIN = """

if __name__ == "__main__":
    import sys

    for number, line in enumerate(sys.stdin, 1):
        try:
            row = [float(value) for value in line.split(",")]
        except ValueError:
            row = []
        if len(row) == {inputs}:
            answers = network(*row)
            print(*answers, sep=",") if isinstance(answers, tuple) else print(answers)
        elif line.strip() and number > 1:  # the first line may be of names
            sys.exit(f"line {{number}} is not {inputs} number(s)")
"""
_IN_A_LINE = 4  # numbers


def to_python(exported: ExportedNet, *, remark: str = "") -> str:
    """Return a network as one module of Python, which needs `math` alone and runs on rows of stdin.

    Args:
        exported: The network: of `mlpzoo.nets`, or an `nn.Sequential` that `layers_of` takes.
        remark: A sentence for the comment on top.

    Raises:
        InputError: A kind of network or activation that is not known.

    Example:
        >>> from mlpzoo import load_pretrained
        >>> exec(to_python(ExportedNet(net=load_pretrained("or-exact"))), there := {})
        >>> there["network"](1, 0), there["network"](0, 0)
        (1.0, 0.0)
    """
    exact = layers_of(exported.net)
    own = own_functions((layer.activation for layer in exact.layers), PYTHON)
    inputs = _numbered("x", exact.in_features)
    head = f"network({', '.join(inputs)})"
    about = told(exported, exact, inputs, _numbered("y", len(output_names(exact))))
    about += ["", *[remark] * bool(remark), "To try it on rows of numbers: python THIS.py < ROWS"]
    parts = [
        f'"""A trained network as plain Python: {head}."""\n',  # no line 1 or 2 may say "coding:"
        *(f"# {line}".rstrip() for line in about),
        "\nimport math\n",
        *(f"{name.upper()} = {_tuple(of, '')}" for name, of in arrays_of(exact).items()),
        *(f"\n\ndef {name}(z):\n    return {code}" for name, code in own),
        _LAYER,
        *(f"def {head}:", *(f"    {line}" for line in _steps(exact, inputs))),
        _MAIN.format(inputs=len(inputs)),
    ]
    return "\n".join(parts)


def _numbered(name: str, count: int) -> list[str]:
    return [f"{name}{n}" for n in range(1, count + 1)] if count > 1 else [name]


def _tuple(numbers: Array, indent: str) -> str:
    """Return nested tuples, all digits that give back each number."""
    deeper = f"{indent}    "
    if numbers.ndim > 1:
        items = [_tuple(row, deeper) for row in numbers]
    else:
        texts = list(map(repr, numbers.tolist()))
        lines = range(0, len(texts), _IN_A_LINE)
        items = [", ".join(texts[at : at + _IN_A_LINE]) for at in lines]
    if len(items) == 1:
        return f"({items[0]}{',' * (len(numbers) == 1)})"
    return "(\n" + "".join(f"{deeper}{item},\n" for item in items) + f"{indent})"


def _steps(exact: Layers, inputs: list[str]) -> Iterator[str]:
    """Yield the lines of the function."""
    arrays, source = arrays_of(exact), f"({', '.join(inputs)}{',' * (len(inputs) == 1)})"
    if "x_centre" in arrays:
        yield f"s = [(x - c) / w for x, c, w in zip({source}, X_CENTRE, X_HALF_WIDTH)]"
        source = "s"
    for place, layer in enumerate(exact.layers, 1):
        taken = source if layer.source is None else f"h_{layer.source + 1}"
        sums = f"layer({taken}, WEIGHT_{place}, BIAS_{place})"
        if layer.activation != "identity":
            call = PYTHON.get(layer.activation, layer.activation)
            sums = f"[{call}(z) for z in {sums}]"
        yield f"h_{place} = {sums}"
    yield f"y = {' + '.join(f'h_{place + 1}' for place in exact.outputs.values())}"
    if "y_centre" in arrays:
        yield "y = [c + w * z for c, w, z in zip(Y_CENTRE, Y_HALF_WIDTH, y)]"
    yield "return tuple(y)" if len(output_names(exact)) > 1 else "return y[0]"
