import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PendingAnswers } from '../../src/client/pending-answers.js';
import { ModwireError } from '../../src/errors.js';

const TIMEOUT_MS = 30;

function outcome(promise: Promise<string>): Promise<string> {
  return promise.catch((thrown: ModwireError) => thrown.code);
}

describe('those who wait for an answer', () => {
  it('each get the answer, or are told that it is late, in the order in which they came', async () => {
    const pending = new PendingAnswers<number, string>('answer', TIMEOUT_MS);
    const ended: string[] = [];
    const wait = (key: number) =>
      outcome(pending.wait(key)).then((what) => {
        ended.push(`${key} ${what}`);
      });
    const all = [wait(1), wait(2), wait(3)];
    expect(pending.resolve(2, 'yes')).toBe(true);
    await delay(TIMEOUT_MS / 2);
    all.push(wait(4), wait(5));
    expect(pending.resolve(9, 'nobody asked')).toBe(false);
    await Promise.all(all.slice(0, 3));
    expect(pending.resolve(1, 'too late')).toBe(false);
    // The first ones of a time are gone; the others still have theirs.
    if (pending.has(5)) pending.resolve(5, 'yes');
    await Promise.all(all);
    expect(ended.slice(0, 3)).toEqual(['2 yes', '1 DEADLINE_EXCEEDED', '3 DEADLINE_EXCEEDED']);
    expect(ended.toSorted().at(3)).toBe('4 DEADLINE_EXCEEDED');
    expect(pending.size).toBe(0);
  });

  it('have their full time again after nobody waited', async () => {
    let changes = 0;
    const pending = new PendingAnswers<string, string>('answer', TIMEOUT_MS, () => changes++);
    const first = pending.wait('a');
    pending.resolve('a', '1');
    expect(await first).toBe('1');
    await delay(TIMEOUT_MS / 2);
    const began = performance.now();
    expect(await outcome(pending.wait('b'))).toBe('DEADLINE_EXCEEDED');
    expect(performance.now() - began).toBeGreaterThan(TIMEOUT_MS - 2);
    expect(changes).toBe(4);
  });

  it('are rejected together up to a mark', async () => {
    const pending = new PendingAnswers<string, string>('answer', 10_000);
    const [sent, unsent] = [pending.wait('sent', undefined, 1), pending.wait('unsent', undefined, 2)];
    pending.rejectAll(new ModwireError('UNAVAILABLE', 'gone'), 1);
    expect(await outcome(sent)).toBe('UNAVAILABLE');
    pending.resolve('unsent', 'came');
    expect(await unsent).toBe('came');
  });

  it('may be called off by a signal', async () => {
    const pending = new PendingAnswers<string, string>('answer', 10_000);
    const controller = new AbortController();
    const waiting = pending.wait('a', controller.signal);
    controller.abort();
    expect(await outcome(waiting)).toBe('CANCELLED');
    expect(pending.has('a')).toBe(false);
  });
});
