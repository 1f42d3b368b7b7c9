// Random numbers from a seed: sfc32 of Chris Doty-Humphrey's PractRand. They are not torch's.

const TURNS = 16; // after which the words of near seeds have nothing in common

/**
 * A generator of its own for each seed.
 * @param {number} seed - a whole number from 0 on
 * @returns {{uniform: (low: number, high: number) => number, normal: () => number}}
 */
export function randomOf(seed) {
  let [a, b, c, count] = [0, seed | 0, Math.floor(seed / 2 ** 32) | 0, 1];
  const next = () => {
    const word = (a + b + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return (word >>> 0) / 2 ** 32;
  };
  for (let turn = 0; turn < TURNS; turn++) next();
  const uniform = (low, high) => low + (high - low) * next();
  // Box and Muller: a direction and a length of two normal numbers, of which one is taken.
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return { uniform, normal };
}
