// Activations by torch's names: the value, the slope, and how a formula writes it.

const sigmoid = (s) => (s >= 0 ? 1 / (1 + Math.exp(-s)) : Math.exp(s) / (1 + Math.exp(s)));
const softplus = (s) => (s > 20 ? s : Math.log1p(Math.exp(s))); // from 20 on torch takes s itself
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

/** slope(s, h): the derivative at the sum s, where the value is h. */
export const ACTIVATIONS = {
  identity: { value: (s) => s, slope: () => 1 },
  step: { value: (s) => (s > 0 ? 1 : 0), slope: () => 0 },
  sigmoid: { value: sigmoid, slope: (s, h) => h * (1 - h) },
  tanh: { value: Math.tanh, slope: (s, h) => 1 - h * h },
  relu: { value: (s) => (s > 0 ? s : 0), slope: (s) => (s > 0 ? 1 : 0) },
  leakyrelu: { value: (s) => (s > 0 ? s : 0.01 * s), slope: (s) => (s > 0 ? 1 : 0.01) },
  elu: { value: (s) => (s > 0 ? s : Math.expm1(s)), slope: (s, h) => (s > 0 ? 1 : h + 1) },
  selu: {
    value: (s) => SELU.scale * (s > 0 ? s : SELU.alpha * Math.expm1(s)),
    slope: (s, h) => (s > 0 ? SELU.scale : h + SELU.scale * SELU.alpha),
  },
  silu: {
    value: (s) => s * sigmoid(s),
    slope: (s, h) => h + sigmoid(s) * (1 - h),
  },
  softplus: { value: softplus, slope: sigmoid },
};
