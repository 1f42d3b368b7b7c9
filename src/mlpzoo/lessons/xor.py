"""Checks of the lessons on XOR through four layers, and on how often it is learned."""

import math
from typing import Any

import torch

from mlpzoo.lessons._answers import compare, numbers, whole
from mlpzoo.pretrained import load_pretrained

_LECTURE, _MIDDLE = "xor-lecture", torch.tensor([0.5, 0.5])
_SHARE, _SURE = 0.3, 0.99  # how often one start works, and how sure it is to be that one does


def four_layers_1(h11: Any, h12: Any) -> str:
    """Judge what layer 1 of the notes' network gives in the middle of the square."""
    found = numbers(h11, "h11") + numbers(h12, "h12")
    layer: Any = load_pretrained(_LECTURE).layer1
    weight, bias = layer.weight.detach(), layer.bias.detach()
    sums = weight @ _MIDDLE + bias
    down = (weight.T @ _MIDDLE + bias).sigmoid()
    slips = {
        "These are the sums. What does a unit make of its sum?": sums,
        "The weights of a unit stand in a row of the table, not in a column.": down,
        "To each sum belongs a bias, too.": (weight @ _MIDDLE).sigmoid(),
        "These are the two numbers, the other way around.": sums.sigmoid().flip(0),
    }
    off = "h12" if abs(found[0] - sums.sigmoid()[0]) < 0.001 else "h11"
    hint = f"{off} is another number: its row of weights times (0.5, 0.5), its bias, the sigmoid."
    return compare(found, sums.sigmoid(), slips, hint)


def four_layers_2(bias: Any) -> str:
    """Judge a bias of the output with which the notes' network answers 1 in every row."""
    (given,) = numbers(bias, "the bias")
    net: Any = load_pretrained(_LECTURE)
    rows = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    with torch.no_grad():
        net.output_layer.bias.fill_(given)
        logits = net(rows).flatten().tolist()
    answers = "".join(str(int(each > 0)) for each in logits)
    if answers == "1111":
        return ""
    told = ", ".join(f"{each:.2f}" for each in logits)
    return f"With {given:g} the logits are {told}, and the answers {answers}. Which are to rise?"


def seeds_1(tries: Any) -> str:
    """Judge after how many starts one has worked, with 99%, where 3 of 10 work."""
    count = whole(tries, "starts")
    all_fail, of_fewer = ((1 - _SHARE) ** n for n in (count, count - 1))
    if all_fail > 1 - _SURE:
        return f"All of {count:g} starts fail with a probability of {all_fail:.3g}, above 0.01."
    return "With so many you may be sure, but fewer suffice." if of_fewer <= 1 - _SURE else ""


def seeds_2(probability: Any, loss: Any) -> str:
    """Judge the best answer to three merged rows with targets 0, 1, 1, and the loss that it has."""
    (p,) = numbers(probability, "the probability")
    (given,) = numbers(loss, "the loss")
    if not 0 < p < 1:
        return f"A probability that can be right for both targets is between 0 and 1, not {p:g}."
    of_three, best = _of_three(p), _of_three(2 / 3)
    if abs(p - 2 / 3) > 0.005:  # 0.67 will do
        return (
            f"At {p:g} the three rows cost {of_three:.4f} together, and another answer costs less: "
            "two of the three ask for a 1."
        )
    slips = {
        "That is the mean of three rows. The fourth counts too, and costs nothing.": best / 3,
        "That is the sum. The loss is the mean of all four rows.": best,
        "Take the natural logarithm, math.log.": best / 4 / math.log(2),
        "Take the natural logarithm, math.log, not that to base 10.": best / 4 / math.log(10),
    }
    hint = "The answer is right, the loss is not: a 1 costs -ln p, a 0 costs -ln(1 - p)."
    return compare([given], best / 4, slips, hint)


def _of_three(p: float) -> float:
    return -2 * math.log(p) - math.log(1 - p)
