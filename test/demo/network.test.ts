import { describe, expect, it } from 'vitest';
import { explanationTokens } from '../../src/demo/explanation.js';
import { trainModel, versionFor } from '../../src/demo/models.js';
import { FEATURE_COUNT, makeExamples, Network } from '../../src/demo/network.js';
import { Random } from '../../src/demo/random.js';

const UNSEEN = makeExamples(2_000, new Random(99));
const PLAN = { seed: 5, examples: 200, epochs: 2, rate: 0.1 };
/** Of who says one half to everything. */
const COIN_LOSS = Math.log(2);

describe('the network', () => {
  it('learns: what it has not seen it predicts better than by chance, and better when it has learned longer', () => {
    const untrained = new Network(new Random(1)).loss(UNSEEN);
    const [v1, v2] = [trainModel('v1').loss(UNSEEN), trainModel('v2').loss(UNSEEN)];
    expect(v1).toBeLessThan(0.95 * Math.min(COIN_LOSS, untrained));
    expect(v2).toBeLessThan(0.9 * v1);
  });

  it('is the same for the same plan, and another for another seed', () => {
    const scores = (seed: number) => {
      const network = Network.train({ ...PLAN, seed });
      return UNSEEN.slice(0, 20).map(({ features }) => network.score(features));
    };
    expect(scores(5)).toEqual(scores(5));
    expect(scores(6)).not.toEqual(scores(5));
    for (const score of scores(5)) {
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThan(1);
    }
  });

  it('explains a score by slopes that are those of its log-odds', () => {
    const network = Network.train(PLAN);
    const { features } = UNSEEN[0]!;
    const odds = (input: Float32Array) => Math.log(network.score(input) / (1 - network.score(input)));
    for (const { feature, amount } of network.contributions(features)) {
      const step = 1e-2;
      const [less, more] = [-step, step].map((by) =>
        odds(features.map((value, at) => (at === feature ? value + by : value))),
      ) as [number, number];
      expect(amount).toBeCloseTo(((more - less) / (2 * step)) * features[feature]!, 2);
    }
  });

  it('names every feature once, the one that contributes most first', () => {
    const contributions = Network.train(PLAN).contributions(UNSEEN[1]!.features);
    expect(contributions.map(({ feature }) => feature).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const sizes = contributions.map(({ amount }) => Math.abs(amount));
    expect(sizes.toSorted((one, other) => other - one)).toEqual(sizes);
  });
});

describe('an explanation', () => {
  const contributions = [
    { feature: 3, amount: 0.421 },
    { feature: 0, amount: -0.2 },
  ];

  it.each([
    [0, []],
    [1, ['feature3']],
    [3, ['feature3', '+0.42', 'feature0']],
    [9, ['feature3', '+0.42', 'feature0', '-0.20']],
  ])('has %d tokens at most', (count, expected) => {
    expect([...explanationTokens(contributions, count)]).toEqual(expected);
  });

  it('has two tokens for every feature', () => {
    const all = Network.train(PLAN).contributions(UNSEEN[2]!.features);
    expect([...explanationTokens(all, 100)]).toHaveLength(2 * FEATURE_COUNT);
  });
});

describe('the versions', () => {
  it('share the contexts, seven in ten for the first, each context always the same one', () => {
    const random = new Random(3);
    const checksums = Array.from({ length: 10_000 }, () => random.next());
    const first = checksums.filter((checksum) => versionFor(checksum) === 'v1');
    expect(first.length / checksums.length).toBeCloseTo(0.7, 1);
    expect(first.every((checksum) => versionFor(checksum) === 'v1')).toBe(true);
  });
});
