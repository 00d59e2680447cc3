import fc from 'fast-check';
import type { FrameFields } from '../../src/codec/frame-fields.js';

/** Text of any code points but lone surrogates, which no UTF-8 can carry; a BOM at the front is wanted too. */
export const text = (maxLength = 40): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: 'grapheme', maxLength }),
    fc.constantFrom('', '\ufeff', '\ufeffa', '\0', '\u07ff\u0800\uffff', '𐀀', '\u{10ffff}'),
  );

export const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

const byte = fc.nat(255);
const microseconds = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));

const required = fc.record({ subject: text(60), id: bytesOf(16), publishedAt: microseconds });
const optional = fc.record({
  payload: fc.uint8Array({ maxLength: 200 }),
  timeout: microseconds,
  kind: byte,
  contentType: byte,
  priority: byte,
  flags: byte,
  trace: fc.record({ traceId: bytesOf(16), spanId: bytesOf(8), flags: byte }),
  correlationId: bytesOf(16),
  causationId: bytesOf(16),
  schemaId: bytesOf(16),
  tracestate: text(),
  baggage: text(),
  experiment: text(),
  variant: text(),
  assignmentKey: text(),
  headers: fc.array(fc.tuple(text(12), text(20)), { maxLength: 6 }),
});
const TEXTS = ['tracestate', 'baggage', 'experiment', 'variant', 'assignmentKey', 'headers'];

/** Fields of a frame: any may be absent that the protocol lets be absent, in every third frame all texts. */
export const frameFields: fc.Arbitrary<FrameFields> = fc
  .tuple(required, optional, fc.nat(0xffff), fc.nat(2))
  .map(([always, others, present, third]) => {
    const chosen = Object.entries(others).filter(
      ([name], index) => (present & (1 << index)) !== 0 && !(third === 0 && TEXTS.includes(name)),
    );
    return { ...always, ...Object.fromEntries(chosen) };
  });

/** Every field that may be absent, with a value of its own, for tests of all combinations. */
export const OPTIONAL_FIELDS = {
  payload: Uint8Array.from({ length: 21 }, (_, index) => 200 + index),
  trace: { traceId: new Uint8Array(16).fill(0x11), spanId: new Uint8Array(8).fill(0x22), flags: 1 },
  correlationId: new Uint8Array(16).fill(0x33),
  causationId: new Uint8Array(16).fill(0x44),
  schemaId: new Uint8Array(16).fill(0x55),
  tracestate: 'vendor=value',
  baggage: 'user=42',
  experiment: 'ranker',
  variant: 'β',
  assignmentKey: 'user-42',
  headers: [
    ['tenant', 'acme'],
    ['größe', '🐘'],
  ],
} as const satisfies Partial<FrameFields>;

export const REQUIRED_FIELDS = {
  subject: 'models.ranker.input',
  id: Uint8Array.from({ length: 16 }, (_, index) => index + 1),
  publishedAt: 1_700_000_000_123_456,
} as const satisfies FrameFields;
