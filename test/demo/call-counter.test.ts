import { describe, expect, it } from 'vitest';
import { CallCounter } from '../../src/demo/call-counter.js';
import { ModwireError } from '../../src/errors.js';
import { deferred } from '../support/deferred.js';

describe('a counter of calls', () => {
  it('counts each call by its outcome, with its replies', async () => {
    const counter = new CallCounter();
    const result = await counter.make('a', async (replied) => {
      replied();
      replied();
      return 7;
    });
    expect(result).toBe(7);
    for (const code of ['UNAVAILABLE', 'UNAVAILABLE', 'NO_RESPONDERS'] as const) {
      const call = counter.make('a', async (replied) => {
        replied();
        throw new ModwireError(code, 'no');
      });
      await expect(call).rejects.toMatchObject({ code });
    }
    const { a } = counter.made;
    expect(a).toMatchObject({
      ...{ requests: 4, replied: 1, failed: { UNAVAILABLE: 2, NO_RESPONDERS: 1 }, replies: 5 },
    });
    expect(a!.latency!.p50).toBeGreaterThan(0);
  });

  it('knows of calls that are under way, and of no latency before one has ended', async () => {
    const counter = new CallCounter();
    const answer = deferred();
    const call = counter.make('b', () => answer.promise);
    const none = { requests: 1, replied: 0, failed: {}, replies: 0, latency: undefined };
    expect(counter.made).toEqual({ b: none });
    answer.resolve();
    await call;
    expect(counter.made.b).toMatchObject({ requests: 1, replied: 1 });
  });

  it('counts what a worker receives and replies, by hop', () => {
    const counter = new CallCounter();
    counter.received('a');
    counter.received('a');
    counter.replied('a');
    counter.received('b');
    const { served } = counter;
    counter.replied('b');
    expect(served).toEqual({ a: { requests: 2, replies: 1 }, b: { requests: 1, replies: 0 } });
  });
});
