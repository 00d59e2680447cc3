import { Random } from './random.js';
import type { TraceRow } from './trace-csv.js';

/** A request that is to be sent, whether or not those before it have been answered. */
export interface Arrival {
  /** Intended send time: microseconds since the start. */
  readonly atMicros: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

/**
 * The shape of generated arrivals, fitted to a public trace of conversations with a language model: Azure LLM
 * inference 2023, conversations, 19,366 requests in 58 minutes, 5.53 a second.
 *
 * Arrivals are a Markov-modulated Poisson process: a Poisson process whose rate is the product of two factors that
 * switch between two levels each. How much more than a Poisson process the counts vary (index of dispersion, variance
 * over mean, by length of the window; a Poisson process has 1 throughout):
 *
 *     window      0.1 s  0.5 s   1 s   5 s   10 s   60 s  300 s
 *     trace        1.06   1.20  1.39  2.54   3.86   16.1   56.1
 *     this model   1.06   1.21  1.37  2.48   3.83   16.2   54.9
 *
 * No single factor does both ends: a fast one makes the clusters of requests within a second, a slow one the busy and
 * quiet minutes. Other rates are the same process with its time compressed, as when the trace is replayed faster.
 */
const TRACE_RATE = 5.53;

interface Factor {
  /** Variance over squared mean of the rate. */
  readonly variance: number;
  /** Time after which a level is forgotten, to 1/e. Seconds of the trace. */
  readonly relaxation: number;
  /** Share of the time at the higher level. */
  readonly share: number;
}

const CLUSTERS: Factor = { variance: 0.064, relaxation: 0.147, share: 0.1 };
const MINUTES: Factor = { variance: 0.05, relaxation: 203, share: 0.25 };

/** Logarithms of the trace's token counts: mean and standard deviation. The two are all but independent there (0.09). */
const CONTEXT_TOKENS = { mu: 6.633, sigma: 0.985, max: 32_768 };
const GENERATED_TOKENS = { mu: 5.019, sigma: 0.859, max: 4_096 };

/** Arrivals without end, `rate` a second in the mean; the same ones for the same seed. */
export function* generateArrivals(rate: number, seed: number): Generator<Arrival, never, undefined> {
  const random = new Random(seed);
  const compression = rate / TRACE_RATE;
  const switches = [new RateSwitch(CLUSTERS, random), new RateSwitch(MINUTES, random)];
  let now = 0;
  for (;;) {
    // What is left of a unit of chance is used up at the rate of the time, from one switch to the next.
    let chance = random.exponential(1);
    for (;;) {
      const current = TRACE_RATE * switches.reduce((product, { level }) => product * level, 1);
      const next = switches.reduce((a, b) => (b.switchesAt < a.switchesAt ? b : a));
      const until = next.switchesAt - now;
      if (chance <= current * until) {
        now += chance / current;
        break;
      }
      chance -= current * until;
      now = next.switchesAt;
      next.switch(random);
    }
    yield {
      atMicros: (now / compression) * 1e6,
      contextTokens: tokens(CONTEXT_TOKENS, random),
      generatedTokens: tokens(GENERATED_TOKENS, random),
    };
  }
}

/** A trace's arrivals, `speed` times as fast. */
export async function* replayArrivals(
  rows: AsyncIterable<TraceRow>,
  speed: number,
): AsyncGenerator<Arrival, void, undefined> {
  for await (const row of rows) yield { ...row, atMicros: row.atMicros / speed };
}

/** Those that are due within a duration; what comes after it is not read. */
export async function* withinDuration(
  arrivals: AsyncIterable<Arrival> | Iterable<Arrival>,
  durationMicros: number,
): AsyncGenerator<Arrival, void, undefined> {
  for await (const arrival of arrivals) {
    if (arrival.atMicros > durationMicros) return;
    yield arrival;
  }
}

/** One factor of the rate: 1 in the mean, at two levels. */
class RateSwitch {
  switchesAt = 0;
  readonly #factor: Factor;
  #high: boolean;

  constructor(factor: Factor, random: Random) {
    this.#factor = factor;
    this.#high = random.uniform() < factor.share;
    this.#stay(random);
  }

  get level(): number {
    const { variance, share } = this.#factor;
    return this.#high
      ? 1 + Math.sqrt((variance * (1 - share)) / share)
      : 1 - Math.sqrt((variance * share) / (1 - share));
  }

  switch(random: Random): void {
    this.#high = !this.#high;
    this.#stay(random);
  }

  #stay(random: Random): void {
    const { relaxation, share } = this.#factor;
    this.switchesAt += random.exponential(relaxation / (this.#high ? 1 - share : share));
  }
}

function tokens(shape: { mu: number; sigma: number; max: number }, random: Random): number {
  return Math.max(1, Math.min(shape.max, Math.round(random.logNormal(shape.mu, shape.sigma))));
}
