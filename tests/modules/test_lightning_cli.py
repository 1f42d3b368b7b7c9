"""Our classes under LightningCLI, which needs jsonargparse[signatures]."""

import pytest
import yaml
from lightning.pytorch.cli import LightningCLI

from mlpzoo import LitMinMax, LitSequentialMLP, MinMaxDataModule, SinDataModule


# Lightning 2.6 calls names that jsonargparse 4.49 and later deprecate.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("module_class", "data_class", "argument"),
    [
        (LitSequentialMLP, SinDataModule, "--model.hidden_features=[8, 8]"),
        (LitMinMax, MinMaxDataModule, "--model.trunk_features=[8]"),
    ],
)
def test_fit_from_lightnings_own_command_line(
    module_class, data_class, argument, tmp_path, monkeypatch
):
    monkeypatch.setattr("sys.argv", ["fit"])
    cli = LightningCLI(
        module_class,
        data_class,
        seed_everything_default=0,
        args=[
            "fit",
            argument,
            "--model.lr=0.01",
            "--data.batch_size=10",
            "--trainer.max_steps=5",
            "--trainer.accelerator=cpu",
            "--trainer.enable_progress_bar=false",
            "--trainer.enable_model_summary=false",
            "--trainer.logger.class_path=CSVLogger",
            f"--trainer.logger.save_dir={tmp_path}",
        ],
    )
    assert cli.trainer.global_step == 5
    assert cli.model.hparams.lr == 0.01
    assert cli.datamodule.batch_size == 10
    (config,) = tmp_path.rglob("config.yaml")
    assert yaml.safe_load(config.read_text())["model"]["lr"] == 0.01
