"""Draw the picture and the film of the README, for light pages and for dark ones.

The picture shows the networks that come with the package, the film how the shipped XOR network was
trained: again, from what the manifest says of it, to the same weights.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from mlpzoo import get_exercise, get_pretrained, list_exercises, load_pretrained, plotting, train
from mlpzoo.plotting.views import gallery
from mlpzoo.pretrained.manifest import load_portable
from mlpzoo.pretrained.measure import as_module, data_of
from mlpzoo.training.film import film_of_run


def main(out: str = "docs", filmed: str = "xor") -> None:
    entries = [
        (get_exercise(name), as_module(load_portable(name)), data_of(name))
        for name in list_exercises()
    ]
    record, shipped = get_pretrained(filmed), load_pretrained(filmed).state_dict()
    with TemporaryDirectory() as runs:
        run = train(filmed, recipe=record.recipe, seed=record.seed, max_steps=record.steps,
                    early_stop=False, film=True, plots=False, out=runs, threads=1)  # fmt: skip
        trained = run.module.net.state_dict()
        if not all(value.equal(trained[name]) for name, value in shipped.items()):
            print(f"{filmed} comes to other weights here than those shipped")
        for page in ("light", "dark"):
            picture, film = Path(out, f"gallery-{page}.png"), Path(out, f"film-{page}.gif")
            plotting.save(gallery(entries, dark=page == "dark"), picture)
            film.write_bytes(film_of_run(get_exercise(filmed), run.folder, dark=page == "dark"))
            print(picture, film)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
