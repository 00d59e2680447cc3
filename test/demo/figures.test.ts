import { describe, expect, it } from 'vitest';
import { Counter } from '../../src/demo/figures.js';

describe('a counter', () => {
  it('counts frames and bytes by channel and stage, gaps beside', () => {
    const counter = new Counter();
    counter.published('features.0', 100);
    counter.published('features.0', 20);
    counter.published('features.1', 3);
    counter.delivered('a', 10, 1_000, 1_500);
    counter.delivered('a', 5, 1_000, 3_000);
    counter.gap('a', 4);
    counter.gap('b', 2);
    counter.waits++;
    expect(counter.figures).toEqual({
      published: { 'features.0': { frames: 2, bytes: 120 }, 'features.1': { frames: 1, bytes: 3 } },
      delivered: {
        a: { frames: 2, bytes: 15, gaps: 4, latency: { p50: 500, p99: 2_000, p999: 2_000, max: 2_000 } },
        b: { frames: 0, bytes: 0, gaps: 2, latency: undefined },
      },
      waits: 1,
      problems: [],
    });
  });

  it('keeps the first few problems', () => {
    const counter = new Counter();
    for (let count = 0; count < 100; count++) counter.problem(`problem ${count}`);
    expect(counter.figures.problems).toEqual([0, 1, 2, 3, 4].map((count) => `problem ${count}`));
  });

  it('gives figures that do not change when it counts on', () => {
    const counter = new Counter();
    counter.published('a', 1);
    const { figures } = counter;
    const before = structuredClone(figures);
    counter.published('a', 1);
    counter.delivered('s', 1, 0, 1);
    expect(figures).toEqual(before);
  });
});
