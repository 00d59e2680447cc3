import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Handouts, type Recipient } from '../../../src/broker/consumers/handouts.js';
import type { Session } from '../../../src/broker/session.js';
import { BatchReader, decodeControl, isViolation, Memory } from '../../../src/codec/index.js';
import { frameOf } from '../../support/raw-client.js';

interface HandedOut {
  readonly offset: number;
  readonly attempt: number;
  readonly frame: string;
}

/** A recipient that keeps what it is sent. */
function recipient(): Recipient & { readonly messages: Uint8Array[] } {
  const messages: Uint8Array[] = [];
  const session = { closed: false, sendBytes: (bytes: Uint8Array) => messages.push(bytes.slice()) };
  return { session: session as unknown as Session, number: 7, handout: undefined, messages };
}

/** What a client makes of a message: as many frames as its handouts name offsets. */
function recordsOf(message: Uint8Array): HandedOut[] {
  const memory = new Memory(message);
  const batch = new BatchReader();
  batch.reset(memory);
  const told: Omit<HandedOut, 'frame'>[] = [];
  const frames: string[] = [];
  while (batch.next()) {
    if (batch.kind === 'frame') frames.push(nameOf(message.subarray(batch.start, batch.end)));
    else {
      const control = decodeControl(memory, batch.start, batch.end);
      if (isViolation(control) || control.type !== 'handout') throw new Error('not a handout');
      const { offsets, attempts } = control;
      const all = offsets.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, index) => first + index),
      );
      told.push(...all.map((offset, index) => ({ offset, attempt: attempts[index] ?? 1 })));
    }
  }
  expect(batch.violation).toBeUndefined();
  expect(frames).toHaveLength(told.length);
  return told.map((one, index) => ({ ...one, frame: frames[index]! }));
}

/** Tells frames apart: their ids are in what comes first. */
function nameOf(frame: Uint8Array): string {
  return `${frame.length} ${Buffer.from(frame.subarray(0, 128)).toString('hex')}`;
}

describe('handouts', () => {
  it('carry every record once and in order, with its offset and attempt, in messages within the bounds', () => {
    const record = fc.record({
      skip: fc.oneof({ arbitrary: fc.constant(1), weight: 6 }, fc.integer({ min: 1, max: 5 })),
      attempt: fc.oneof({ arbitrary: fc.constant(1), weight: 6 }, fc.integer({ min: 1, max: 9 })),
      bytes: fc.oneof({ arbitrary: fc.constant(8), weight: 9 }, fc.constantFrom(3_000, 40_000, 70_000)),
    });
    const step = fc.record({ asRun: fc.boolean(), records: fc.array(record, { maxLength: 20 }) });
    const maxBatchBytes = fc.constantFrom(4_096, 12_000, 16 * 1024 * 1024);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), maxBatchBytes, (steps, most) => {
        const handouts = new Handouts({ maxBatchBytes: most });
        const to = recipient();
        const expected: HandedOut[] = [];
        let offset = 0;
        for (const { asRun, records } of steps) {
          const frames = records.map(({ bytes }) => frameOf('a', { payload: new Uint8Array(bytes) }));
          const offsets = records.map(({ skip }) => {
            offset += skip;
            return offset;
          });
          const memory = new Memory(new Uint8Array(Buffer.concat(frames)));
          let at = 0;
          const starts = frames.map(({ length }) => {
            at += length;
            return at - length;
          });
          const ends = frames.map(({ length }, index) => starts[index]! + length);
          if (asRun) handouts.addRun(to, { memory, offsets, starts, ends }, 0, records.length);
          records.forEach(({ attempt }, index) => {
            if (!asRun) {
              handouts.add(to, offsets[index]!, attempt, memory.u8, starts[index]!, ends[index]!);
            }
            expected.push({
              offset: offsets[index]!,
              attempt: asRun ? 1 : attempt,
              frame: nameOf(frames[index]!),
            });
          });
        }
        handouts.flush(to);
        const messages = to.messages.map(recordsOf);
        expect(messages.flat()).toEqual(expected);
        messages.forEach((records, index) => {
          if (records.length > 1) expect(to.messages[index]!.length).toBeLessThanOrEqual(most);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('keep within their bounds when no two records lie side by side and all come again', () => {
    const handouts = new Handouts({ maxBatchBytes: 16 * 1024 * 1024 });
    const to = recipient();
    const frame = frameOf('a');
    for (let n = 1; n <= 5_000; n++) handouts.add(to, 2 * n, n % 3, frame, 0, frame.length);
    handouts.flush(to);
    expect(to.messages.flatMap(recordsOf)).toHaveLength(5_000);
  });
});
