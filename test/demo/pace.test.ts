import { describe, expect, it } from 'vitest';
import { monotonicMicros, Pace } from '../../src/demo/pace.js';

describe('the pace', () => {
  it('never goes on before the intended time', async () => {
    const pace = new Pace(new AbortController().signal);
    for (const micros of [0, 50, 300, 1_500, 5_000, 30_000]) {
      const at = monotonicMicros() + micros;
      await pace.until(at);
      expect(monotonicMicros()).toBeGreaterThanOrEqual(at);
    }
  });

  it('gives the event loop its turns when it is behind', async () => {
    const pace = new Pace(new AbortController().signal);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const until = monotonicMicros() + 50_000;
    while (monotonicMicros() < until) await pace.until(0);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it('waits for nothing any more once its signal has fired', async () => {
    const stopped = new AbortController();
    const pace = new Pace(stopped.signal);
    const inAnHour = monotonicMicros() + 3_600e6;
    const waiting = pace.until(inAnHour);
    stopped.abort();
    await waiting;
    await pace.until(inAnHour);
    expect(monotonicMicros()).toBeLessThan(inAnHour);
  });
});
