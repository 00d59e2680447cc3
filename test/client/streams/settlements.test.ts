import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangesOf, Settlements } from '../../../src/client/streams/settlements.js';
import { Verdict } from '../../../src/codec/generated/modwire/control/verdict.js';
import { type ControlOf, encodeControl } from '../../../src/codec/index.js';

function gathering() {
  const sent: ControlOf<'settle'>[] = [];
  const turns: Array<() => void> = [];
  const settlements = new Settlements(
    (messages) => sent.push(...messages),
    (action) => turns.push(action),
  );
  const endTurn = () => {
    for (const action of turns.splice(0)) action();
  };
  return { settlements, sent, turns, endTurn };
}

describe('what has become of records', () => {
  it('is told as the fewest ranges that hold exactly these offsets', () => {
    const offset = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(fc.uniqueArray(offset), (offsets) => {
        const ranges = rangesOf(offsets);
        const told = ranges.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        );
        expect(told).toEqual([...offsets].sort((a, b) => a - b));
        ranges.slice(1).forEach(({ first }, index) => {
          expect(first).toBeGreaterThan(ranges[index]!.last + 1);
        });
      }),
    );
  });

  it('leaves once a turn, in one message for all that are settled alike', () => {
    const { settlements, sent, turns, endTurn } = gathering();
    for (const offset of [5, 3, 4, 9]) settlements.ack(1, offset);
    settlements.ack(2, 5);
    settlements.add(1, Verdict.working, 6);
    settlements.add(1, Verdict.nak, 7, 100, 'no');
    settlements.add(1, Verdict.nak, 8, 100, 'no');
    settlements.add(1, Verdict.nak, 10, 100, 'other');
    expect([sent.length, turns.length]).toEqual([0, 1]);
    endTurn();
    expect(
      sent.map(({ consumer, verdict, delayMs, reason, offsets }) => [
        ...[consumer, Verdict[verdict], delayMs, reason],
        offsets.map(({ first, last }) => `${first}-${last}`).join(),
      ]),
    ).toEqual([
      [1, 'working', 0, '', '6-6'],
      [1, 'nak', 100, 'no', '7-8'],
      [1, 'nak', 100, 'other', '10-10'],
      [1, 'ack', 0, '', '3-5,9-9'],
      [2, 'ack', 0, '', '5-5'],
    ]);
    endTurn();
    settlements.ack(1, 11);
    endTurn();
    expect(sent).toHaveLength(6);
  });

  it('leaves at once when it is flushed, and not at all when the connection is lost before', () => {
    const { settlements, sent, endTurn } = gathering();
    settlements.ack(1, 1);
    settlements.flush();
    expect(sent).toHaveLength(1);
    settlements.ack(1, 2);
    settlements.add(1, Verdict.term, 3);
    settlements.clear();
    endTurn();
    expect(sent).toHaveLength(1);
  });

  it('fits into the smallest batch that a broker may take, whatever the reason and however many', () => {
    const { settlements, sent, endTurn } = gathering();
    for (let offset = 1; offset < 600; offset += 2)
      settlements.add(1, Verdict.nak, offset, 1, 'ß'.repeat(999));
    endTurn();
    expect(sent.flatMap(({ offsets }) => offsets)).toHaveLength(300);
    for (const message of sent) expect(encodeControl(message).length).toBeLessThan(4096);
  });
});
