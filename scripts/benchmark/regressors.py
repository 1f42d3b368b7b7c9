"""Who else fits a table in `scripts/benchmark/tables.py`: (inputs, answers, seed) -> predict."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Numbers = NDArray[np.float64]
Predict = Callable[[Numbers], Numbers]
GRID = {  # of MLPRegressor, 12 points; 3 folds of the training rows choose
    "activation": ("relu", "tanh"),
    "hidden_layer_sizes": ((16,), (64,)),
    "alpha": (0.1, 1.0, 10.0),
}
_STEPS = 100  # of torch-levenberg-marquardt, of which the best on validation rows counts
_VALIDATION = 0.15 / 0.85  # of its training rows: as many as mlpzoo keeps apart


def regressors() -> dict[str, Callable[[Numbers, Numbers, int], Predict]]:
    """Return the contestants whose packages are installed, by name."""
    found: dict[str, Callable[[Numbers, Numbers, int], Predict]] = {}
    if find_spec("sklearn"):
        found |= {
            "linear regression": _linear,
            "HistGradientBoosting": _trees,
            "MLPRegressor lbfgs": lambda x, y, seed: _mlp(x, y, seed, solver="lbfgs"),
            "MLPRegressor adam": lambda x, y, seed: _mlp(x, y, seed, solver="adam"),
            "MLPRegressor lbfgs, grid": lambda x, y, seed: _searched(x, y, seed, solver="lbfgs"),
            "MLPRegressor adam, grid": lambda x, y, seed: _searched(x, y, seed, solver="adam"),
        }
    if find_spec("torch_levenberg_marquardt"):
        found["torch-levenberg-marquardt"] = _least_squares
    return found


def _linear(x: Numbers, y: Numbers, _: int) -> Predict:
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(x, y).predict  # type: ignore[no-any-return]


def _trees(x: Numbers, y: Numbers, seed: int) -> Predict:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(random_state=seed).fit(x, y).predict  # type: ignore


def _scaled(seed: int, **settings: Any) -> Any:
    """Return an MLPRegressor on standardised columns and answers, else as it comes."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    net = MLPRegressor(max_iter=1000, random_state=seed, **settings)
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), net), transformer=StandardScaler()
    )


def _mlp(x: Numbers, y: Numbers, seed: int, **settings: Any) -> Predict:
    return _scaled(seed, **settings).fit(x, y).predict  # type: ignore[no-any-return]


def _searched(x: Numbers, y: Numbers, seed: int, **settings: Any) -> Predict:
    from sklearn.model_selection import GridSearchCV

    grid = {f"regressor__mlpregressor__{name}": values for name, values in GRID.items()}
    search = GridSearchCV(_scaled(seed, **settings), grid, cv=3, scoring="neg_mean_squared_error")
    return search.fit(x, y).predict  # type: ignore[no-any-return]


def _least_squares(x: Numbers, y: Numbers, seed: int) -> Predict:
    """Train 16 tanh units with the package's solver, and keep the best on validation rows."""
    from torch_levenberg_marquardt.training import LevenbergMarquardtModule

    order = np.random.default_rng(seed).permutation(len(y))
    apart, rest = np.split(order, [round(_VALIDATION * len(y))])
    middle, spread = x[rest].mean(0), np.maximum(x[rest].std(0), 1e-12)
    mean, deviation = y[rest].mean(), y[rest].std()

    def scaled(rows: Numbers) -> Tensor:
        return torch.tensor((rows - middle) / spread).float()

    answers = torch.tensor((y - mean) / deviation).float().unsqueeze(1)
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(x.shape[1], 16), nn.Tanh(), nn.Linear(16, 1))
    training = LevenbergMarquardtModule(net, learning_rate=1.0, solve_method="cholesky")
    best, kept, inputs = float("inf"), net.state_dict(), scaled(x)
    for _ in range(_STEPS):
        training.training_step(inputs[rest], answers[rest])
        with torch.no_grad():
            error = functional.mse_loss(net(inputs[apart]), answers[apart]).item()
        if error < best:
            best, kept = error, {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(kept)
    return lambda rows: net(scaled(rows)).detach().double().numpy()[:, 0] * deviation + mean
