import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RecordedCall, RecordedCalls } from '../../../src/cli/streams/recorded-calls.js';
import type { FrameView } from '../../../src/codec/frame-view.js';
import { FrameFlags } from '../../../src/codec/generated/modwire/frame-flags.js';
import { Kind } from '../../../src/codec/generated/modwire/kind.js';
import { encodeUtf8 } from '../../../src/codec/utf8.js';
import { idOf, START_MICROS, stampedFrame } from '../../support/stream-frames.js';

const EMPTY = new Uint8Array(0);

interface Said {
  readonly text?: string;
  readonly flags?: number;
  readonly timeout?: number;
  readonly atMicros?: number;
}

function request(number: number, { text = 'q', flags = 0, timeout = 0, atMicros = 0 }: Said = {}): FrameView {
  const fields = { subject: 'a', id: idOf(number), payload: encodeUtf8(text), flags, timeout };
  return stampedFrame({ ...fields, kind: Kind.request, brokerTime: START_MICROS + atMicros });
}

/** Without a text it has no payload. */
function reply(number: number, { text, flags = 0, atMicros = 0 }: Said = {}): FrameView {
  const payload = text === undefined ? EMPTY : encodeUtf8(text);
  const fields = { subject: 'a', correlationId: idOf(number), payload, flags };
  return stampedFrame({ ...fields, kind: Kind.reply, brokerTime: START_MICROS + atMicros });
}

function error(number: number, code: string): FrameView {
  const headers = [['modwire-code', code] as const];
  return stampedFrame({ subject: 'a', correlationId: idOf(number), headers, kind: Kind.error });
}

const { more, mirrored, replayed } = FrameFlags;

/** What becomes of records at the offsets 1, 2, 3, as texts. */
function callsOf(calls: RecordedCalls, records: readonly FrameView[]): string[] {
  return records.flatMap((frame, index) => textOf(calls.add(frame, index + 1)) ?? []);
}

function textOf(call: RecordedCall | undefined): string | undefined {
  if (call === undefined) return undefined;
  const { request: asked, offset, replies, error: code } = call;
  return [`${offset}`, asked.text(), ...replies.map((frame) => frame.text()), code ?? 'ok'].join(' ');
}

describe('recorded calls', () => {
  it('are requests with all that they were answered, in the order of their ends', () => {
    const calls = new RecordedCalls();
    const records = [
      request(1, { text: 'one' }),
      request(2, { text: 'stream' }),
      reply(2, { text: 'a', flags: more }),
      request(3, { text: 'fails' }),
      reply(2, { text: 'b', flags: more }),
      error(3, 'REJECTED'),
      reply(2),
      reply(1, { text: 'done' }),
    ];
    expect(callsOf(calls, records)).toEqual(['4 fails REJECTED', '2 stream a b ok', '1 one done ok']);
    expect(calls.unanswered).toBe(0);
    expect(calls.oldestOffset).toBeUndefined();
  });

  it('have an empty reply where that is all there is, and a stream that failed what came before', () => {
    const records = [
      ...[request(1), reply(1)],
      ...[request(2), reply(2, { text: 'a', flags: more }), error(2, 'INTERNAL')],
      ...[request(3), reply(3, { text: 'a', flags: more }), reply(3, { text: 'b' })],
    ];
    expect(callsOf(new RecordedCalls(), records)).toEqual(['1 q  ok', '3 q a INTERNAL', '6 q a b ok']);
  });

  it('say how long the broker had them', () => {
    const calls = new RecordedCalls();
    calls.add(request(1, { atMicros: 500 }), 1);
    expect(calls.add(reply(1, { atMicros: 3_000 }), 2)).toMatchObject({ tookMs: 2.5 });
    calls.add(request(2, { atMicros: 500 }), 3);
    expect(calls.add(reply(2, { atMicros: 0 }), 4)).toMatchObject({ tookMs: 0 });
  });

  it('leave out copies, requests that were made again, and answers to nobody', () => {
    const calls = new RecordedCalls();
    const records = [
      ...[request(1, { flags: mirrored }), reply(1, { text: 'x' })],
      ...[request(2, { flags: replayed }), reply(2, { text: 'x' }), reply(9, { text: 'x' })],
      stampedFrame({ subject: 'a', payload: encodeUtf8('a message') }),
    ];
    expect(callsOf(calls, records)).toEqual([]);
    calls.end();
    expect([calls.copies, calls.unanswered]).toEqual([2, 0]);
  });

  it('keep what they need when the memory that records lie in is used again', () => {
    const calls = new RecordedCalls();
    const frames = [request(1, { text: 'one' }), reply(1, { text: 'a', flags: more })];
    for (const [index, frame] of frames.entries()) {
      calls.add(frame, index + 1);
      frame.memory.u8.fill(0);
    }
    expect(textOf(calls.add(reply(1), 3))).toBe('1 one a ok');
  });

  it('give up requests whose deadline is over when another one comes, and all that are left at the end', () => {
    const calls = new RecordedCalls();
    calls.add(request(1, { timeout: 1_000 }), 1);
    calls.add(request(2, { timeout: 9_000, atMicros: 500 }), 2);
    calls.add(request(3, { atMicros: 1_001 }), 3);
    expect([calls.unanswered, calls.oldestOffset]).toEqual([1, 2]);
    expect(calls.add(reply(1), 4)).toBeUndefined();
    calls.end();
    expect(calls.unanswered).toBe(3);
  });

  it('keep no more than their bounds allow: the oldest go', () => {
    const few = new RecordedCalls({ maxCalls: 2 });
    const records = [request(1), request(2), request(3), reply(1), reply(2), reply(3)];
    expect(callsOf(few, records)).toEqual(['2 q  ok', '3 q  ok']);
    expect(few.unanswered).toBe(1);
    const { byteLength } = request(1);
    const small = new RecordedCalls({ maxBytes: 3 * byteLength });
    const parts = [1, 2, 3].map(() => reply(1, { text: 'x', flags: more }));
    expect(callsOf(small, [request(1), ...parts, request(2), reply(1), reply(2)])).toEqual(['5 q  ok']);
  });

  it('are found however the records of different calls lie among each other', () => {
    const call = fc.record({
      replies: fc.nat({ max: 3 }),
      ends: fc.constantFrom('reply', 'empty', 'error', 'never'),
    });
    const plan = fc.array(call, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(plan, fc.infiniteStream(fc.nat()), (wanted, choices) => {
        const expected = new Map<string, string>();
        const open = wanted.map(({ replies, ends }, number) => {
          const parts = Array.from({ length: replies }, (_, index) => `${number}.${index}`);
          const frames = [
            request(number, { text: `q${number}` }),
            ...parts.map((text) => reply(number, { text, flags: more })),
          ];
          if (ends === 'reply') frames.push(reply(number, { text: 'last' }));
          if (ends === 'empty') frames.push(reply(number));
          if (ends === 'error') frames.push(error(number, 'INTERNAL'));
          const last = {
            reply: 'last ok',
            empty: replies === 0 ? ' ok' : 'ok',
            error: 'INTERNAL',
            never: '',
          }[ends];
          if (ends !== 'never') expected.set(`q${number}`, [`q${number}`, ...parts, last].join(' '));
          return frames;
        });
        const calls = new RecordedCalls();
        const found = new Map<string, string>();
        for (let offset = 1; open.some(({ length }) => length > 0); offset++) {
          const left = open.filter(({ length }) => length > 0);
          const frames = left[choices.next().value % left.length]!;
          const ended = calls.add(frames.shift()!, offset);
          if (ended !== undefined) found.set(ended.request.text(), textOf(ended)!.replace(/^\d+ /, ''));
        }
        calls.end();
        expect(found).toEqual(expected);
        expect(calls.unanswered).toBe(wanted.filter(({ ends }) => ends === 'never').length);
      }),
    );
  });
});
