import { describe, expect, it } from 'vitest';
import { CausalJoin, type Cause } from '../../src/demo/causal-join.js';

const filled = (byte: number) => new Uint8Array(16).fill(byte);
const CAUSE: Cause = { id: filled(1), correlationId: filled(2), traceId: filled(3), checksum: 4 };

describe('the join of features and predictions', () => {
  it('takes them in either order', () => {
    const join = new CausalJoin();
    join.add('features', 1, CAUSE);
    join.add('prediction', 2, CAUSE);
    expect(join.figures).toMatchObject({ joined: 0, waiting: 2 });
    join.add('prediction', 1, CAUSE);
    join.add('features', 2, CAUSE);
    expect(join.figures).toEqual({ joined: 2, broken: 0, waiting: 0, firstBroken: undefined });
  });

  it.each([
    [
      'id',
      { id: filled(9) },
      `causation id of the prediction: expected ${'01'.repeat(16)}, got ${'09'.repeat(16)}`,
    ],
    [
      'correlationId',
      { correlationId: filled(9) },
      `correlation id of the prediction: expected ${'02'.repeat(16)}, got ${'09'.repeat(16)}`,
    ],
    [
      'traceId',
      { traceId: filled(9) },
      `trace id of the prediction: expected ${'03'.repeat(16)}, got ${'09'.repeat(16)}`,
    ],
    ['checksum', { checksum: 9 }, 'checksum of the context: expected 4, got 9'],
  ] as const)('notices a wrong %s in either order', (_, wrong, text) => {
    for (const order of [['features', 'prediction'] as const, ['prediction', 'features'] as const]) {
      const join = new CausalJoin();
      for (const side of order) join.add(side, 5, side === 'features' ? CAUSE : { ...CAUSE, ...wrong });
      expect(join.figures).toEqual({ joined: 0, broken: 1, waiting: 0, firstBroken: `request 5: ${text}` });
    }
  });

  it('notices two of a kind, and keeps the first difference for the report', () => {
    const join = new CausalJoin();
    join.add('prediction', 1, CAUSE);
    join.add('prediction', 1, CAUSE);
    join.add('features', 2, CAUSE);
    join.add('features', 2, CAUSE);
    expect(join.figures).toEqual({
      joined: 0,
      broken: 2,
      waiting: 2,
      firstBroken: 'request 1: two predictions',
    });
  });
});
