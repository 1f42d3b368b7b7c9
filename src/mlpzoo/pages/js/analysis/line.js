// A straight line a x + b through points: the bowl of its cost, and gradient descent in it.
// As in mlpzoo.analysis.descent, the cost is the sum of (a x + b - y)^2.

/**
 * @typedef {object} Bowl
 * @property {[number, number]} minimum - a and b of the least-squares line
 * @property {number} floor - the cost there
 * @property {[number, number]} eigenvalues - of the Hessian, smaller first
 * @property {[number, number][]} axes - their directions over (a, b)
 * @property {number} limit - the rate from which on descent does not converge
 * @property {number} best - the rate that is fastest from the worst start
 */

/** @param {[number, number][]} points - with two different x or more @returns {Bowl} */
export function bowlOf(points) {
  const n = points.length;
  const sum = (pick) => points.reduce((total, [x, y]) => total + pick(x, y), 0);
  const [meanX, meanY] = [sum((x) => x) / n, sum((_, y) => y) / n];
  const slope = sum((x, y) => (x - meanX) * (y - meanY)) / sum((x) => (x - meanX) ** 2);
  const minimum = [slope, meanY - slope * meanX];
  const [p, q, r] = [2 * sum((x) => x * x), 2 * n * meanX, 2 * n]; // [[p, q], [q, r]]
  const apart = Math.hypot(p - r, 2 * q);
  const large = (p + r + apart) / 2;
  const small = (p * r - q * q) / large;
  const angle = Math.atan2(2 * q, p - r) / 2;
  const axes = [[-Math.sin(angle), Math.cos(angle)], [Math.cos(angle), Math.sin(angle)]];
  return {
    minimum, floor: costOf(points, minimum), axes, eigenvalues: [small, large],
    limit: 2 / large, best: 2 / (small + large),
  };
}

export function costOf(points, [a, b]) {
  return points.reduce((sum, [x, y]) => sum + (a * x + b - y) ** 2, 0);
}

/** The cost's slopes along a and b, summed in the order of the points, as one does by hand. */
export function gradientOf(points, [a, b]) {
  return points.reduce(([da, db], [x, y]) => {
    const off = a * x + b - y;
    return [da + 2 * off * x, db + 2 * off];
  }, [0, 0]);
}

/** One step of gradient descent. */
export function stepFrom(points, at, rate) {
  const [da, db] = gradientOf(points, at);
  return [at[0] - rate * da, at[1] - rate * db];
}
