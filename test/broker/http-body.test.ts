import { describe, expect, it } from 'vitest';
import { HttpBodies } from '../../src/broker/http-body.js';
import type { HttpReply } from '../../src/broker/http-message.js';

const bodies = (maxBodies: number) => new HttpBodies({ maxBytes: 10, maxBodies, timeoutMs: 60_000 });

/** A body of these that begins, with what becomes of it. */
function begin(of: HttpBodies) {
  const seen: { bytes?: Uint8Array; answered?: () => void; refusal?: HttpReply } = {};
  const body = of.begin(
    (bytes, answered) => Object.assign(seen, { bytes, answered }),
    (refusal) => Object.assign(seen, { refusal }),
  );
  return { body, seen };
}

const text = (value: string) => new TextEncoder().encode(value);

describe('the bodies of HTTP requests', () => {
  it('are put together from what arrives, which is copied', () => {
    const { body, seen } = begin(bodies(1));
    const chunk = text('ab');
    body.add(chunk, false);
    chunk.fill(0);
    body.add(text('c'), true);
    expect(new TextDecoder().decode(seen.bytes)).toBe('abc');
  });

  it('are refused once when they are too large, whatever else arrives', () => {
    const { body, seen } = begin(bodies(1));
    body.add(text('x'.repeat(11)), false);
    expect(seen.refusal?.status).toBe(413);
    body.add(text('x'), true);
    expect(seen.bytes).toBeUndefined();
  });

  it('count until they are answered, not only until they are there', () => {
    const all = bodies(1);
    const first = begin(all);
    first.body.add(text('a'), true);
    // The peer goes away; the work for it goes on.
    all.end(first.body);
    expect(begin(all).seen.refusal?.status).toBe(503);
    first.seen.answered!();
    expect(begin(all).seen.refusal).toBeUndefined();
  });

  it('leave their room when they are refused, given up, or their peer goes away', () => {
    const all = bodies(1);
    begin(all).body.add(text('x'.repeat(11)), false);
    const { body, seen } = begin(all);
    all.end(body);
    all.end(body);
    begin(all);
    all.abandon();
    expect([seen, begin(all).seen]).toEqual([{}, {}]);
    expect(begin(all).seen.refusal?.status).toBe(503);
    all.abandon();
  });
});
