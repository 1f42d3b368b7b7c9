"""Where the lecture notes slip: what they print and what is right, with the numbers of both.

`tests/cli/test_slips.py` computes every number anew.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Slip:
    """One slip of the notes.

    Attributes:
        what: What the notes do, in a sentence.
        printed: What comes of it.
        right: What is right.
        exercises: What it is about.
    """

    what: str
    printed: str
    right: str
    exercises: tuple[str, ...]


def slips_of(exercise: str = "") -> list[Slip]:
    """Return the slips in what the notes say of an exercise.

    Args:
        exercise: Its name; "" for all.

    Example:
        >>> print(slips_of("minmax")[0].printed)
        both heads learn min, and the max head is off by RMSE 40.82
    """
    return [slip for slip in _SLIPS if exercise in (*slip.exercises, "")]


_DESCENDED = "a = 0.6071, b = 3.5000 after 50000 steps at 0.001, cost 1.7857"
_SLIPS = (
    Slip(
        "XOR is defined as 1 where both inputs are the same.",
        "1001 for 00, 01, 10, 11, which is XNOR",
        "0110: 1 where they differ",
        ("xor",),
    ),
    Slip(
        "The line through (3, 5), (4, 6), (5, 7) is said to be y = x + 3.",
        "y = x + 3, whose sum of squares is 3",
        "y = x + 2, whose sum of squares is 0",
        ("linear",),
    ),
    Slip(
        "The listing subtracts a's gradient inside the loop over the points.",
        "a = 0.8648, b = 2.2703 after 50000 steps at 0.001, cost 3.0275",
        _DESCENDED,
        ("linear",),
    ),
    Slip(
        "The pseudo-code subtracts b's gradient from a.",
        "a = 1.1176, b = 1.1176 after 50000 steps at 0.001, cost 6.6505",
        _DESCENDED,
        ("linear",),
    ),
    Slip(
        "The slope of the sigmoid is said to be 0.5 at most.",
        "0.5: four layers leave 0.0625 of a gradient at most, weights of 1 assumed",
        "0.25, at 0: four layers leave 0.0039 of a gradient at most, weights of 1 assumed",
        ("xor",),
    ),
    Slip(
        "d cost/d b1 of the 2-2-1 network is written with h1 squared, and without the activation.",
        "d cost/d y * v1 * h1^2 = 3.136408 (w = 1, 1, 1, -1, v = 1, 1, biases 0, on XOR)",
        "d cost/d y * v1 * h1 (1 - h1) = 0.971665, as autograd has it",
        ("xor",),
    ),
    Slip(
        "Weights and biases drawn from U(0, 1) are called xavier.",
        "weights from 0.00 to 1.00, 0% of them negative (--module.initialization uniform)",
        "weights from -1.41 to 1.38, 50% of them negative, in layers of two; biases 0",
        ("xor",),
    ),
    Slip(
        "A forward pass through the four hidden layers leaves out layer 4.",
        "logits -20.365, 16.265, 16.459, -20.106: the truth table is still right",
        "logits -20.512, 16.648, 16.650, -20.509: check the logits, not only 0 and 1",
        ("xor",),
    ),
    Slip(
        "The listing writes the targets of min over those of max before it reads them.",
        "both heads learn min, and the max head is off by RMSE 40.82",
        "two names for the targets; the max head of the package's network is off by 0.0054",
        ("minmax",),
    ),
)
