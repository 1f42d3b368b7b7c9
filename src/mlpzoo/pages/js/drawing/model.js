// What the parts of a page look at together: the network, where the reader points, what he chose.

/** The choice of a network of which nothing is chosen yet: input null is the bias. */
const lastOf = (net) => ({ layer: net.layers.length - 1, unit: 0, input: null });

/** Parts listen to it; however much changes, each is drawn once a frame. */
export class Model {
  /**
   * @param {object} data - the page's data, as mlpzoo.pages wrote them
   * @param {import("../core/network.js").Network} net
   */
  constructor(data, net) {
    this.data = data;
    this.net = net;
    this.point = Float64Array.from(data.ranges, ([low, high]) => (low + high) / 2);
    this.chosen = lastOf(net);
    this.edition = 0; // of the weights
    this.kept = new Map();
    this.listeners = [];
    this.waiting = false;
    this.works = [];
    this.rested = 0; // from when on long work may be done again
    this.resting = null;
    addEventListener("beforeprint", () => this.listeners.forEach((draw) => draw(true)));
  }

  /** Calls draw now, and again after each change; given an element, only while it is in sight. */
  listen(draw, element = null) {
    let [inSight, late] = [true, false];
    const listener = (always = false) => {
      late = !(inSight || always);
      if (!late) draw();
    };
    if (element) {
      new IntersectionObserver((entries) => {
        inSight = entries.at(-1).isIntersecting;
        if (late) listener();
      }).observe(element);
    }
    this.listeners.push(listener);
    draw();
  }

  /** Say that weights are others now; given a network, that it is another. */
  changed(net = this.net) {
    this.net = net;
    this.edition += 1;
    this.rest();
    const { layer, unit } = this.chosen;
    this.pointed({ chosen: unit < net.layers[layer]?.units ? this.chosen : lastOf(net) });
  }

  /** Say that the reader points elsewhere, at `point`, or has chosen another weight, `chosen`. */
  pointed(change) {
    Object.assign(this, change);
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      for (const draw of this.listeners) draw();
    });
  }

  /** Put the reader's point here, or where the ranges end: beyond them the page knows no truth. */
  pointAt(place) {
    const point = Float64Array.from(place, (value, i) => {
      const [low, high] = this.data.ranges[i];
      return Math.min(Math.max(value, low), high);
    });
    this.pointed({ point });
  }

  /** What `compute` gives for the weights as they are: once for all parts that ask by the name. */
  once(name, compute) {
    if (this.kept.get(name)?.edition !== this.edition) {
      this.kept.set(name, { edition: this.edition, value: compute() });
    }
    return this.kept.get(name).value;
  }

  /** Calls back when the page is drawn, and behind changes of the weights, for what takes long. */
  work(callback) {
    this.works.push(callback);
    this.rest();
  }

  /** Long work takes a tenth of the time at most, so that training and dragging go on. */
  rest() {
    this.resting ??= setTimeout(async () => {
      const [began, edition] = [performance.now(), this.edition];
      for (const work of this.works) await work();
      const ended = performance.now();
      this.rested = ended + Math.min(10 * (ended - began), 3000);
      this.resting = null;
      if (this.edition !== edition) this.rest();
    }, Math.max(30, this.rested - performance.now()));
  }
}
