// Optimizers, by torch's formulas: g is the gradient, t counts the steps from 1 on.

const BETA1 = 0.9;
const EPS = 1e-8;

/**
 * step(weights, gradient, memory, t, settings) moves the weights; memory, as many numbers for each
 * weight as it says, 0 at first, is all that it remembers.
 */
export const OPTIMIZERS = {
  /** v = momentum v + g; w -= lr v. */
  sgd: {
    memory: 1,
    step(weights, gradient, velocity, t, { lr, momentum }) {
      for (let i = 0; i < weights.length; i++) {
        velocity[i] = momentum * velocity[i] + gradient[i];
        weights[i] -= lr * velocity[i];
      }
    },
  },
  /** m, v: decaying means of g, g^2; w -= lr m' / (sqrt(v') + eps), m' = m / (1 - beta1^t). */
  adam: {
    memory: 2,
    step(weights, gradient, memory, t, { lr, beta2 }) {
      const count = weights.length;
      const rate = lr / (1 - BETA1 ** t);
      const correction = Math.sqrt(1 - beta2 ** t);
      for (let i = 0; i < count; i++) {
        const g = gradient[i];
        const m = (memory[i] += (1 - BETA1) * (g - memory[i]));
        const v = (memory[count + i] = beta2 * memory[count + i] + (1 - beta2) * g * g);
        weights[i] -= (rate * m) / (Math.sqrt(v) / correction + EPS);
      }
    },
  },
};
