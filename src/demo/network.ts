import { Random } from './random.js';

export const FEATURE_COUNT = 8;
const HIDDEN = 16;

/** An input, and whether it is of the class that is to be learned: 0 or 1. */
export interface Example {
  readonly features: Float32Array;
  readonly label: number;
}

export interface TrainingPlan {
  readonly seed: number;
  readonly examples: number;
  /** How often each of them is learned from. */
  readonly epochs: number;
  /** Of the first epoch; it falls to a tenth. */
  readonly rate: number;
}

/** How much of a score is due to a feature: its value times the slope there. */
export interface Contribution {
  readonly feature: number;
  readonly amount: number;
}

/** A network of 8 inputs, 16 hidden units (tanh) and one output (logistic), in single precision. */
export class Network {
  readonly #inner = new Float32Array(HIDDEN * FEATURE_COUNT);
  readonly #innerBias = new Float32Array(HIDDEN);
  readonly #outer = new Float32Array(HIDDEN);
  readonly #hidden = new Float32Array(HIDDEN);
  #outerBias = 0;

  /** Untrained: small random weights. */
  constructor(random: Random) {
    const scale = 1 / Math.sqrt(FEATURE_COUNT);
    for (let at = 0; at < this.#inner.length; at++) this.#inner[at] = scale * random.normal();
    for (let at = 0; at < HIDDEN; at++) this.#outer[at] = random.normal() / Math.sqrt(HIDDEN);
  }

  /** Trained by stochastic gradient descent on cross-entropy; the same for the same plan. */
  static train({ seed, examples, epochs, rate }: TrainingPlan): Network {
    const random = new Random(seed);
    const network = new Network(random);
    const all = makeExamples(examples, random);
    for (let epoch = 0; epoch < epochs; epoch++) {
      const step = rate * 0.1 ** (epoch / Math.max(1, epochs - 1));
      for (const example of all) network.#learn(example, step);
    }
    return network;
  }

  /** Probability of the class: 0 to 1. */
  score(features: Float32Array): number {
    let sum = this.#outerBias;
    for (let unit = 0; unit < HIDDEN; unit++) {
      let input = this.#innerBias[unit]!;
      const row = unit * FEATURE_COUNT;
      for (let at = 0; at < FEATURE_COUNT; at++) input += this.#inner[row + at]! * features[at]!;
      const active = Math.tanh(input);
      this.#hidden[unit] = active;
      sum += this.#outer[unit]! * active;
    }
    return 1 / (1 + Math.exp(-sum));
  }

  /** What each feature contributes to the log-odds, the largest first. */
  contributions(features: Float32Array): Contribution[] {
    this.score(features);
    const contributions: Contribution[] = [];
    for (let feature = 0; feature < FEATURE_COUNT; feature++) {
      let slope = 0;
      for (let unit = 0; unit < HIDDEN; unit++) {
        slope += this.#slopeOf(unit) * this.#inner[unit * FEATURE_COUNT + feature]!;
      }
      contributions.push({ feature, amount: slope * features[feature]! });
    }
    return contributions.sort((one, other) => Math.abs(other.amount) - Math.abs(one.amount));
  }

  /** Mean cross-entropy over examples. */
  loss(examples: readonly Example[]): number {
    let sum = 0;
    for (const { features, label } of examples) {
      const score = this.score(features);
      sum -= Math.log(label === 1 ? score : 1 - score);
    }
    return sum / examples.length;
  }

  #learn({ features, label }: Example, step: number): void {
    const error = this.score(features) - label;
    for (let unit = 0; unit < HIDDEN; unit++) {
      const inner = step * error * this.#slopeOf(unit);
      this.#outer[unit]! -= step * error * this.#hidden[unit]!;
      this.#innerBias[unit]! -= inner;
      const row = unit * FEATURE_COUNT;
      for (let at = 0; at < FEATURE_COUNT; at++) this.#inner[row + at]! -= inner * features[at]!;
    }
    this.#outerBias -= step * error;
  }

  /** Of the log-odds, by the input of a hidden unit, at the last input. */
  #slopeOf(unit: number): number {
    return this.#outer[unit]! * (1 - this.#hidden[unit]! ** 2);
  }
}

/** What there is to learn: two features count by themselves, and two pairs only together. */
export function makeExamples(count: number, random: Random): Example[] {
  return Array.from({ length: count }, () => {
    const features = new Float32Array(FEATURE_COUNT).map(() => random.normal());
    const [a, b, c, d, e, f] = features as unknown as [number, number, number, number, number, number];
    const odds = 1.5 * a - b + 1.5 * c * d - e * f;
    return { features, label: random.uniform() < 1 / (1 + Math.exp(-odds)) ? 1 : 0 };
  });
}
