from dataclasses import dataclass

import torch

from mlpzoo import FunctionDataModule, TableDataModule
from mlpzoo.population.data import PopulationDataModule, data_of_seeds


def test_members_whose_validation_rows_differ_are_measured_on_their_own(tmp_path):
    path = tmp_path / "line.csv"
    path.write_text("x,y\n" + "".join(f"{x},{2 * x}\n" for x in range(20)))
    make = data_of_seeds(lambda seed: TableDataModule(path=str(path), folds=4, seed=seed), range(4))
    members = [make(seed) for seed in range(4)]
    x, _ = PopulationDataModule(members, last=True).rows_of("val")
    for own, member in zip(x, members, strict=True):
        assert torch.equal(own, member.rows_of("val")[0])
    assert len({tuple(own.flatten().tolist()) for own in x}) == 4


@dataclass(kw_only=True, eq=False)
class PowerDataModule(FunctionDataModule):
    in_features = 1
    power: int = 1

    def target(self, x):
        return x**self.power


def test_members_whose_targets_differ_between_the_corners_are_measured_on_their_own():
    members = [
        PowerDataModule(low=0, high=1, power=power, val_points=11, test_points=21)
        for power in (1, 2, 8)
    ]
    _, y = PopulationDataModule(members, last=True).rows_of("test")
    for own, member in zip(y, members, strict=True):
        assert torch.equal(own, member.rows_of("test")[1])
