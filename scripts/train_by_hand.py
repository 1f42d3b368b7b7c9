"""The pieces of mlpzoo put together by hand: a network, a data module, a module, a Trainer."""

import tempfile

from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from mlpzoo import LineProgress, LitSequentialMLP, SinDataModule


def main(max_steps: int = 100) -> float:
    data = SinDataModule(low=-10, high=10, batch_size=500, sampling="closed", seed=0)
    module = LitSequentialMLP(
        hidden_features=(256, 256),
        initialization="steep",
        in_range=(data.low, data.high),
        optimizer="levenberg",
        lr=1.0,
        seed=0,
    )
    best_weights = ModelCheckpoint(tempfile.mkdtemp(), monitor="val_max_error")
    trainer = Trainer(
        max_steps=max_steps,
        val_check_interval=max_steps // 10,
        check_val_every_n_epoch=None,
        accelerator="auto",
        devices=1,
        logger=False,
        enable_progress_bar=False,
        callbacks=[best_weights, LineProgress("sin", ("val_max_error",))],
    )
    trainer.fit(module, datamodule=data)
    best = LitSequentialMLP.load_from_checkpoint(best_weights.best_model_path, map_location="cpu")
    return trainer.test(best, datamodule=data)[0]["test_max_error"]


if __name__ == "__main__":
    print(f"largest error of the best weights: {main():.4f}")
