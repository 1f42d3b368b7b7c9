"""A network as one file of C99."""

from collections.abc import Iterator

import numpy as np

from mlpzoo.analysis.forms import C, c_number, own_functions
from mlpzoo.analysis.layers import Array, Layers, layers_of
from mlpzoo.checks import resolve_name
from mlpzoo.pretrained.formats import ExportedNet
from mlpzoo.pretrained.source.told import arrays_of, output_names, told

_LAYER = """
/* h = bias + weight * source; the weights of one source stand together */
static void layer(int sources, int units, const {kind} *weight, const {kind} *bias,
                  const {real} *source, {real} *h)
{{
    for (int i = 0; i < units; i++)
        h[i] = bias[i];
    for (int j = 0; j < sources; j++)
        for (int i = 0; i < units; i++)
            h[i] += weight[j * units + i] * source[j];
}}
"""
_MAIN = """
#ifdef NETWORK_MAIN
#include <stdio.h>

int main(void)
{{
    for (long row = 1;; row++) {{
        {real} x[{inputs}], y[{outputs}];
        for (int i = 0; i < {inputs}; i++) {{
            int found = scanf("%{read}%*[ ,;\\t\\r]", &x[i]), next = getchar();
            int ends = next == '\\n' || next == EOF;
            if (found == EOF && i == 0)
                return 0;
            if (found != 1 || ends != (i == {inputs} - 1)) {{
                fprintf(stderr, "row %ld is not {inputs} number(s)\\n", row);
                return 1;
            }}
            if (!ends)
                ungetc(next, stdin);
        }}
        network(x, y);
        for (int i = 0; i < {outputs}; i++)
            printf("%.{digits}g%c", (double)y[i], i < {outputs} - 1 ? ',' : '\\n');
    }}
}}
#endif
"""
_IN_A_LINE = 6  # numbers


def to_c(exported: ExportedNet, *, real: str = "double", remark: str = "") -> str:
    """Return a network as one file of C99, which needs `math.h` alone.

    Its function takes no memory from the heap and writes nothing but its answers, so that threads
    may share it. Weights are in the fewest digits that give back the float. With NETWORK_MAIN
    defined, there is a `main` that answers rows of numbers from stdin.

    Args:
        exported: The network: of `mlpzoo.nets`, or an `nn.Sequential` that `layers_of` takes.
        real: "double" or "float": what it takes, gives and computes with.
        remark: A sentence for the comment on top.

    Raises:
        InputError: Another type, or a kind of network or activation that is not known.

    Example:
        >>> from mlpzoo import load_pretrained
        >>> text = to_c(ExportedNet(net=load_pretrained("or-exact")))
        >>> [line for line in text.splitlines() if line.startswith("void")]
        ['void network(const double x[2], double y[1])']
    """
    real, exact = resolve_name("type of C", real, C), layers_of(exported.net)
    own = own_functions((layer.activation for layer in exact.layers), C[real])
    arrays = arrays_of(exact)
    kind = real if real == "float" or not all(map(_are_floats, arrays.values())) else "float"
    inputs, outputs = exact.in_features, len(output_names(exact))
    head = f"void network(const {real} x[{inputs}], {real} y[{outputs}])"
    read, digits = ("lf", 17) if real == "double" else ("f", 9)
    parts = [
        *_comment(exported, exact, head, remark),
        "#include <math.h>\n",
        *(_array(name, numbers, kind) for name, numbers in arrays.items()),
        *(f"\nstatic {real} {name}({real} z)\n{{\n    return {code};\n}}" for name, code in own),
        _LAYER.format(real=real, kind=kind),
        *(head, "{", *(f"    {line}" for line in _steps(exact, real)), "}"),
        _MAIN.format(real=real, inputs=inputs, outputs=outputs, read=read, digits=digits),
    ]
    return "\n".join(parts)


def _comment(exported: ExportedNet, exact: Layers, head: str, remark: str) -> list[str]:
    inputs = [f"x[{i}]" for i in range(exact.in_features)]
    first, *lines = told(
        exported, exact, inputs, [f"y[{i}]" for i in range(len(output_names(exact)))]
    )
    lines = ["", f"{head};", "", *lines, "", *[remark] * bool(remark),
             "It needs math.h alone, and threads may share it. To try it on rows of numbers:",
             "cc -O2 -DNETWORK_MAIN THIS.c -o network -lm && ./network < ROWS"]  # fmt: skip
    return [f"/* {first}", *(f" * {line}".rstrip() for line in lines), " */"]


def _are_floats(numbers: Array) -> bool:
    with np.errstate(over="ignore"):
        return bool((numbers.astype(np.float32) == numbers).all())


def _array(name: str, numbers: Array, kind: str) -> str:
    """Return the text of an array; of weights, those of each source one behind the other."""
    texts = list(map(c_number(kind), numbers.T.ravel().tolist()))
    lines = [texts[at : at + _IN_A_LINE] for at in range(0, len(texts), _IN_A_LINE)]
    body = "".join(f"\n    {', '.join(line)}," for line in lines)
    return f"static const {kind} {name}[{len(texts)}] = {{{body}\n}};"


def _steps(exact: Layers, real: str) -> Iterator[str]:
    """Yield the lines of the function."""
    source, arrays = "x", arrays_of(exact)
    if "x_centre" in arrays:
        source = "s"
        yield f"{real} s[{exact.in_features}];"
        yield from _loop(exact.in_features, "s[i] = (x[i] - x_centre[i]) / x_half_width[i];")
    for place, layer in enumerate(exact.layers, 1):
        units, sources = layer.weight.shape
        taken = source if layer.source is None else f"h_{layer.source + 1}"
        h = f"h_{place}"
        yield f"{real} {h}[{units}];"
        yield f"layer({sources}, {units}, weight_{place}, bias_{place}, {taken}, {h});"
        if layer.activation != "identity":
            call = C[real].get(layer.activation, layer.activation)
            yield from _loop(units, f"{h}[i] = {call}({h}[i]);")
    at = 0
    for place in exact.outputs.values():
        y, units = f"i + {at}" if at else "i", len(exact.layers[place].bias)
        value = f"h_{place + 1}[i]"
        if "y_centre" in arrays:
            value = f"y_centre[{y}] + y_half_width[{y}] * {value}"
        yield from _loop(units, f"y[{y}] = {value};")
        at += units


def _loop(count: int, line: str) -> tuple[str, str]:
    return f"for (int i = 0; i < {count}; i++)", f"    {line}"
