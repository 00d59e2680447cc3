import fc from 'fast-check';
import { Builder, ByteBuffer, Encoding } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { decodeControl, encodeControl, isViolation } from '../../src/codec/control.js';
import type { ControlMessage } from '../../src/codec/control-message.js';
import { Control } from '../../src/codec/generated/modwire/control/control.js';
import { Memory } from '../../src/codec/memory.js';
import { toHex } from '../../src/codec/message-id.js';
import type { Violation } from '../../src/codec/verify-rule.js';
import { CONTROL_MESSAGES, CONTROL_SAMPLES, CONTROL_TYPES } from '../support/control-arbitrary.js';
import { padTo8 } from '../support/generated-frame.js';
import { inspect, NEIGHBOUR_BYTES, surround } from '../support/surrounded.js';
import { BYTE_CHANGES } from '../support/thoroughness.js';

function decode(bytes: Uint8Array, filler = 0xaa): ControlMessage | Violation {
  const memory = surround(bytes, filler);
  return decodeControl(memory, NEIGHBOUR_BYTES, NEIGHBOUR_BYTES + bytes.length);
}

/** Leaves texts as bytes, since FlatBuffers' own decoder drops a byte order mark. */
class RawBytes extends ByteBuffer {
  override __string(offset: number): string | Uint8Array {
    return super.__string(offset, Encoding.UTF8_BYTES);
  }
}

/** In lists, too, texts are bytes. */
class RawBuilder extends Builder {
  override createObjectOffset(value: Parameters<Builder['createObjectOffset']>[0]): number {
    return value instanceof Uint8Array ? this.createString(value) : super.createObjectOffset(value);
  }
}

/** The same message as another implementation's builder lays it out: packed by the generated object API. */
function repack(bytes: Uint8Array): Uint8Array {
  const control = Control.getSizePrefixedRootAsControl(new RawBytes(bytes)).unpack();
  const builder = new RawBuilder(16);
  builder.forceDefaults(true);
  builder.finishSizePrefixed(control.pack(builder), 'MCC1');
  return padTo8(builder.asUint8Array());
}

/** Rejected, or a message of a known type; never an exception, never a neighbour's byte. */
function expectSafe(bytes: Uint8Array): void {
  const first = decode(bytes, 0x00);
  const sound = isViolation(first)
    ? first.offset >= 0 && first.offset <= Math.max(bytes.length, 12)
    : CONTROL_TYPES.includes(first.type);
  if (!sound || inspect(decode(bytes, 0xff)) !== inspect(first)) {
    expect.fail(`${inspect(first)} out of ${toHex(bytes)}`);
  }
}

describe('control messages', () => {
  for (const type of CONTROL_TYPES) {
    it(`come back as they were: ${type}`, () => {
      fc.assert(
        fc.property(CONTROL_MESSAGES[type] as fc.Arbitrary<ControlMessage>, (message) => {
          const bytes = encodeControl(message);
          expect(bytes.length % 8).toBe(0);
          expect(decode(bytes)).toEqual(message);
        }),
        { numRuns: 200 },
      );
    });

    it(`are read the same when another builder made them: ${type}`, () => {
      fc.assert(
        fc.property(CONTROL_MESSAGES[type] as fc.Arbitrary<ControlMessage>, (message) => {
          expect(decode(repack(encodeControl(message)))).toEqual(message);
        }),
        { numRuns: 100 },
      );
    });
  }

  it('have a sample of every type', () => {
    expect(CONTROL_SAMPLES.map((message) => message.type)).toEqual(CONTROL_TYPES);
    for (const message of CONTROL_SAMPLES) expect(decode(encodeControl(message))).toEqual(message);
  });

  for (const message of CONTROL_SAMPLES) {
    it(`are rejected when cut short: ${message.type}`, () => {
      const bytes = encodeControl(message);
      for (let length = 0; length < bytes.length; length++) {
        expect(decode(bytes.subarray(0, length))).toMatchObject({
          rule: length < 12 ? 'tooShort' : 'sizePrefix',
        });
      }
    });

    it(`are rejected or read when any single byte has another value: ${message.type}`, () => {
      const bytes = encodeControl(message);
      for (let at = 0; at < bytes.length; at++) {
        const original = bytes[at]!;
        for (const change of BYTE_CHANGES) {
          bytes[at] = original ^ change;
          expectSafe(bytes);
        }
        bytes[at] = original;
      }
    });
  }

  it('have no subscription 0 in a failure, since that says there is none', () => {
    const failure = { type: 'failure', code: 3, message: '', reference: undefined } as const;
    expect(decode(encodeControl({ ...failure, subscription: 0 }))).toEqual({
      ...failure,
      subscription: undefined,
    });
  });

  it('are rejected or read whatever is changed in them', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(1, 2, 4), fc.nat(0xffffffff)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.constantFrom(...CONTROL_SAMPLES), changes, (message, edits) => {
        const bytes = encodeControl(message);
        const { data } = new Memory(bytes);
        for (const [where, width, value] of edits) {
          const at = where % (bytes.length - 3);
          if (width === 1) data.setUint8(at, value);
          else if (width === 2) data.setUint16(at, value, true);
          else data.setUint32(at, value, true);
        }
        expectSafe(bytes);
      }),
      { numRuns: 5000, seed: 20260101 },
    );
  });
});
