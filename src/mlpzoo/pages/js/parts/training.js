// Training in the page: the network learns while one looks, from settings that one can change.

import { nearest, scrubber } from "./film.js";
import { parametersOf, setParameters } from "../core/network.js";
import { fieldsOf, settingsOf } from "../core/settings.js";
import { drawStart } from "../core/starts.js";
import { networkOf, rowsOf } from "../core/task.js";
import { Pace, Trainer } from "../core/trainer.js";
import { Chart } from "../drawing/chart.js";
import { make, panel, short } from "../drawing/dom.js";
import { formOf } from "../drawing/form.js";

/** After these it starts anew; after the others, it goes on. */
const NEW_START = ["loss", "hidden", "activation", "start", "gain", "seed", "origin"];
const ABOUT_SEEDS = "Seeds are the page's own: torch draws other weights from the same seed.";
const ABOUT_STEPS = "A step has slope 0: in training, sigmoids stand in its place.";
const SLOW = "So many units take long in a page: try hidden layers of 16, 16.";
const DRAWN = 80; // milliseconds from one loss curve to the next, numbers that one can read

export function training(model) {
  return new Training(model).element;
}

class Training {
  constructor(model) {
    this.model = model;
    this.home = { net: model.net, weights: parametersOf(model.net) };
    this.isGate = model.data.task === "gate";
    this.settings = { ...settingsOf(model.data, model.net), origin: "drawn", pace: "ratio" };
    this.home.lr = this.settings.lr;
    Object.assign(this, { trainer: null, rows: null, isRunning: false, isStale: false, drawn: 0 });
    this.build();
    rowsOf(model.data).then((rows) => {
      this.rows = rows;
      model.listen(() => this.draw());
    });
  }

  build() {
    const button = (text, act) => make("button", { onclick: act, disabled: true }, text);
    this.buttons = {
      play: button("Play", () => (this.isRunning ? this.pause() : this.play())),
      step: button("One step", () => this.oneStep()),
      reset: button("Reset", () => this.reset()),
      home: button("The page's weights", () => this.goHome()),
    };
    const fields = fieldsOf(this.settings, this.isGate);
    this.form = formOf(fields, this.settings, (name) => this.changed(name));
    this.numbers = make("p", { class: "numbers" });
    this.said = make("p", { class: "soft said", "aria-live": "polite" });
    this.bar = scrubber("Snapshots of the training", (_, step) => this.show(step));
    this.chart = new Chart({
      label: "Loss while training", xLabel: "step", yLabel: "loss", logY: true, height: 200,
      onPick: (step) => this.trainer && this.show(step),
    });
    const left = make("div", {}, this.chart.element, this.bar.element);
    const notes = make("p", { class: "soft said" }, notesOn(this.home.net, this.model.data.train.lacks));
    const right = make("div", {}, this.form.element, notes);
    this.element = panel(
      "Training in the page",
      make("div", { class: "row" }, Object.values(this.buttons)),
      this.numbers, this.said, make("div", { class: "beside" }, left, right),
    );
    this.element.classList.add("wide");
  }

  play() {
    this.halt();
    this.say("");
    if (!this.ready()) return;
    Object.assign(this, { isRunning: true, pace: new Pace(), drawn: 0 });
    this.next(this.pace);
  }

  /** Neither training nor its film goes on. */
  halt() {
    this.isRunning = false;
    this.bar.stop();
  }

  pause() {
    this.isRunning = false;
    this.trainer.hold();
    this.model.changed();
  }

  oneStep() {
    this.halt();
    if (!this.ready()) return;
    const went = this.trainer.step();
    this.say(went ? `Step ${this.trainer.steps} taken.` : this.whyStopped());
    this.model.changed();
  }

  reset() {
    this.halt();
    if (this.isStale || !this.trainer) this.begin();
    else this.trainer.reset();
    this.say("At the start.");
    this.lookAt(this.trainer.net);
  }

  goHome() {
    this.halt();
    this.trainer = null;
    setParameters(this.home.net, this.home.weights);
    this.say("These are the weights that came with the page.");
    this.lookAt(this.home.net);
  }

  /** The snapshot nearest to a step: what is kept can have changed since the slider was drawn. */
  show(step) {
    this.isRunning = false;
    this.trainer.show(nearest(this.stepsKept(), step));
    this.lookAt(this.trainer.net);
  }

  /** A trainer that fits the settings, its network on the page; false where a field is wrong. */
  ready() {
    const wrong = this.form.wrong();
    if (wrong) this.say(wrong);
    else if (this.isStale || !this.trainer || this.isElsewhere()) this.begin();
    if (!wrong) this.lookAt(this.trainer.net);
    return !wrong;
  }

  /** Whether training is to start from weights that another part shows. */
  isElsewhere() {
    return this.settings.origin === "shown" && this.model.net !== this.trainer.net;
  }

  begin() {
    const { settings, model } = this;
    const net = networkOf(model.net, settings, this.isGate);
    const isDrawn = settings.origin === "drawn" || !net.kept;
    if (isDrawn) drawStart(net, settings.start, settings.seed, settings.gain);
    if (isDrawn && settings.origin === "shown") this.say("Layers of other sizes start anew.");
    this.trainer = new Trainer(net, this.rows, settings);
    this.isStale = false;
  }

  lookAt(net) {
    this.model.changed(net);
  }

  changed(name) {
    const wrong = this.form.wrong();
    this.say(wrong);
    if (wrong || !this.rows) return;
    if (!NEW_START.includes(name)) this.trainer?.adjust();
    else if (name === "origin") {
      this.isStale = true;
      this.draw();
    } else {
      this.halt();
      this.begin();
      this.lookAt(this.trainer.net);
    }
  }

  next(pace) {
    requestAnimationFrame((now) => this.isRunning && this.pace === pace && this.frame(now));
  }

  frame(now) {
    if (this.model.net !== this.trainer.net) return this.pause(); // another part shows another
    if (!this.pace.run(this.trainer, this.settings.pace, now)) {
      this.isRunning = false;
      this.say(this.whyStopped());
    }
    if (this.pace.isSlow) this.say(SLOW);
    this.model.changed();
    this.next(this.pace);
  }

  draw() {
    const { trainer, buttons, rows } = this;
    if (this.isRunning && performance.now() < this.drawn + DRAWN) return undefined;
    this.drawn = performance.now();
    for (const button of Object.values(buttons)) button.disabled = !rows;
    buttons.play.textContent = this.isRunning ? "Pause" : "Play";
    if (!rows) return this.say("There are no rows here to train on.");
    if (!trainer) {
      const [drawn, shown] = ["draws new weights and trains them", "trains the weights shown"];
      this.numbers.textContent = `Play ${this.settings.origin === "drawn" ? drawn : shown}.`;
    }
    const isShown = trainer && this.model.net === trainer.net;
    const curves = trainer ? this.chart.shown.curves : [];
    this.chart.show(isShown ? this.way() : { curves, at: null });
    const at = isShown ? trainer.at : -1;
    return this.bar.show(trainer ? this.stepsKept() : [], at, trainer?.steps);
  }

  /** The losses so far, and now. */
  way() {
    const { trainer } = this;
    const { cost } = this.tell(trainer);
    const { steps, costs } = trainer.curve;
    const now = trainer.isBehind ? [] : [[trainer.steps], [cost]];
    const [x, y] = [steps.concat(now[0] ?? []), costs.concat(now[1] ?? [])];
    return { curves: [{ name: "loss", colour: "model", x, y }], at: trainer.steps };
  }

  /** The numbers of now in words. */
  tell(trainer) {
    const found = trainer.measure(!this.isRunning);
    const rows = this.rows.x.length / trainer.net.inputs;
    const whole = (value) => Math.round(value).toLocaleString("en");
    this.numbers.textContent = [
      `Step ${whole(trainer.steps)}`,
      `loss ${short(found.cost, 3)}`,
      this.isGate ? `${found.right} of ${rows} right` : `largest error ${short(found.largest, 3)}`,
      ...(this.isRunning ? [`${whole(this.pace.perSecond)} steps a second`] : []),
    ].join(" · ");
    return found;
  }

  stepsKept() {
    return this.trainer.snapshots.map(({ step }) => step);
  }

  whyStopped() {
    const { trainer, settings } = this;
    const less = short(Math.min(settings.lr / 10, this.home.lr), 2);
    return `Stopped: at step ${trainer.failed} the loss has grown past all bounds, as the rate ` +
      `${settings.lr} is too large here. Take a smaller one, such as ${less}, and press Reset. ` +
      `Shown is step ${trainer.steps}.`;
  }

  say(sentence) {
    if (this.said.textContent !== sentence) this.said.textContent = sentence;
  }
}

function notesOn({ layers }, lacks = []) {
  const hasSteps = layers.some(({ activation }) => activation === "step");
  const other = `The network itself was trained with ${lacks.join(", ")}, which a page has not.`;
  return [ABOUT_SEEDS, hasSteps && ABOUT_STEPS, lacks[0] && other].filter(Boolean).join(" ");
}
