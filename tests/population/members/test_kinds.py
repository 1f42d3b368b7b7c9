import torch

from mlpzoo import LitGate, Population, XORDataModule


def test_answers_do_not_depend_on_how_many_members_there_are():
    def answers(seeds):
        data = XORDataModule()
        make = lambda seed: LitGate(initialization="rotation", gain=2.0, seed=seed)  # noqa: E731
        members = Population(make, lambda seed: data, seeds, alike=True).module.members
        own = data.rows_of("val")[0].expand(len(seeds), -1, -1)
        assert torch.equal(members.answer(own[0]), members.answer(own))
        return members.answer(own[0])

    many = answers(range(70))
    for count in (2, 5, 33, 69):
        assert torch.equal(answers(range(count)), many[:count])
