from .levenberg import LevenbergMarquardt as LevenbergMarquardt
