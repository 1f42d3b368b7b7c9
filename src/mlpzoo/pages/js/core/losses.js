// Losses of one number each, as torch has them: their value, and their slope d loss/d output.

import { ACTIVATIONS } from "./activations.js";

const sigmoid = ACTIVATIONS.sigmoid.value;
const LOWEST_LOG = -100; // torch cuts logarithms of a probability off here
const LEAST = 1e-12; // and takes no p (1 - p) below this

export const LOSSES = {
  /** -y log(p) - (1 - y) log(1 - p) with p = sigmoid(output); the output is a logit. */
  bcewithlogits: {
    value: (logit, y) => Math.max(logit, 0) - logit * y + Math.log1p(Math.exp(-Math.abs(logit))),
    slope: (logit, y) => sigmoid(logit) - y,
  },
  /** The same of an output that is a probability itself. */
  bce: {
    value: (p, y) =>
      -y * Math.max(Math.log(p), LOWEST_LOG) - (1 - y) * Math.max(Math.log1p(-p), LOWEST_LOG),
    slope: (p, y) => (p - y) / Math.max(p * (1 - p), LEAST),
  },
  /** (output - y)^2. */
  mse: { value: (output, y) => (output - y) ** 2, slope: (output, y) => 2 * (output - y) },
};
