import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { compileProgram } from '../../src/contracts/compile-program.js';
import { SAMPLE_SCHEMA, samplePayload } from '../../src/workers/sample-payload.js';
import { builtAddon } from '../support/native-addon.js';

const addon = builtAddon();

/** What may be handed over by mistake, in place of anything. */
const STRANGERS: readonly unknown[] = [
  undefined,
  null,
  true,
  'text',
  7n,
  Symbol('x'),
  {},
  [],
  () => undefined,
  new Proxy(new Uint8Array(8), {}),
  new ArrayBuffer(8),
  new DataView(new ArrayBuffer(8)),
  new Float64Array(8),
  new BigInt64Array(8),
  new Uint8ClampedArray(8),
  new Int8Array(8),
  Object.create(Uint8Array.prototype),
];
const NO_NUMBERS: readonly unknown[] = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, 2 ** 53];

function detached<View extends ArrayBufferView>(view: View): View {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

/** A function of the addon without its types. */
const loose = (name: string) => (addon as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!;

describe.skipIf(addon === undefined)('the addon', () => {
  const native = addon!;
  const payload = samplePayload(3);
  const code = () => compileProgram(SAMPLE_SCHEMA, 0).code;
  /** Arguments that verifyRegion takes. */
  const region = () => ({
    program: native.createProgram(code()) as unknown,
    bytes: payload.slice() as unknown,
    spans: Uint32Array.of(0, payload.length, 0, payload.length - 1) as unknown,
    count: 2 as unknown,
    verdicts: new Int32Array(4) as unknown,
  });
  const verify = (changes: Partial<ReturnType<typeof region>>) => {
    const { program, bytes, spans, count, verdicts } = { ...region(), ...changes };
    return loose('verifyRegion')(program, bytes, spans, count, verdicts);
  };

  it('verifies what is right, and says what of it is not', () => {
    const verdicts = new Int32Array(4);
    expect(verify({ verdicts })).toBe(1);
    expect([verdicts[0], verdicts[1]]).toEqual([0, 0]);
    expect(verdicts[2]).toBeGreaterThan(0);
  });

  it.each([
    ['program', /program must be a value from createProgram/],
    ['bytes', /bytes must be a Uint8Array/],
    ['spans', /spans must be a Uint32Array/],
    ['count', /count must be a number/],
    ['verdicts', /verdicts must be an Int32Array/],
  ] as const)('throws a TypeError for %s of any other type', (name, message) => {
    for (const stranger of STRANGERS) {
      const call = () => verify({ [name]: stranger });
      expect(call).toThrow(TypeError);
      expect(call).toThrow(message);
    }
  });

  it('throws a RangeError for counts that are none or beyond the spans or verdicts', () => {
    for (const count of [...NO_NUMBERS, 3])
      expect(() => verify({ count })).toThrow(/count must be an integer from 0 to 2/);
    expect(() => verify({ verdicts: new Int32Array(3) })).toThrow(/count must be an integer from 0 to 1/);
    expect(() => verify({ spans: new Uint32Array(3) })).toThrow(/count must be an integer from 0 to 1/);
    expect(verify({ count: 0 })).toBe(0);
  });

  it.each([
    [[0, payload.length + 1]],
    [[5, 4]],
    [[payload.length + 1, payload.length + 1]],
    [[0, 2 ** 32 - 1]],
    [[2 ** 32 - 1, 0]],
  ])('throws a RangeError for the span %j', (span) => {
    const verdicts = new Int32Array(4).fill(77);
    const spans = Uint32Array.of(0, payload.length, ...span);
    expect(() => verify({ spans, verdicts })).toThrow(new RangeError('every span must lie inside of bytes'));
    expect([...verdicts]).toEqual([77, 77, 77, 77]);
  });

  it('refuses detached arrays, and verdicts that would overwrite what is read', () => {
    expect(() => verify({ bytes: detached(payload.slice()) })).toThrow('bytes is detached');
    expect(() => verify({ spans: detached(new Uint32Array(4)) })).toThrow('spans is detached');
    expect(() => verify({ verdicts: detached(new Int32Array(4)) })).toThrow('verdicts is detached');
    const shared = new ArrayBuffer(64);
    const overlapping = { spans: new Uint32Array(shared, 0, 4), verdicts: new Int32Array(shared, 12, 4) };
    expect(() => verify(overlapping)).toThrow('verdicts must not share memory with spans or bytes');
    expect(() =>
      verify({ bytes: new Uint8Array(shared, 0, 20), verdicts: new Int32Array(shared, 16, 4) }),
    ).toThrow(RangeError);
    expect(verify({ spans: new Uint32Array(shared, 0, 4), verdicts: new Int32Array(shared, 16, 4) })).toBe(2);
  });

  it('sees resizable buffers as long as they are, and refuses memory that other threads write to', () => {
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void };
    const buffer = new Resizable(payload.length, { maxByteLength: 1024 });
    const bytes = new Uint8Array(buffer);
    bytes.set(payload);
    const whole = Uint32Array.of(0, payload.length);
    expect(verify({ bytes, spans: whole, count: 1 })).toBe(0);
    buffer.resize(payload.length - 4);
    expect(() => verify({ bytes, spans: whole, count: 1 })).toThrow(RangeError);
    buffer.resize(0);
    expect(() => verify({ bytes, spans: whole, count: 1 })).toThrow(RangeError);
    // A view that the buffer has shrunk away from.
    const far = new Uint8Array(new Resizable(64, { maxByteLength: 64 }), 32, 16);
    (far.buffer as ReturnType<typeof Object> as InstanceType<typeof Resizable>).resize(16);
    expect(() => verify({ bytes: far, spans: Uint32Array.of(0, 16), count: 1 })).toThrow(RangeError);
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    expect(() => verify({ bytes: shared })).toThrow('bytes must not be shared between threads');
    expect(() => verify({ spans: new Uint32Array(new SharedArrayBuffer(64)) })).toThrow(TypeError);
  });

  it('takes arrays of other realms, Buffers and parts of larger ones', () => {
    const foreign = runInNewContext('new Uint8Array(list)', { list: [...payload] });
    expect(verify({ bytes: foreign, spans: Uint32Array.of(0, payload.length), count: 1 })).toBe(0);
    expect(verify({ bytes: Buffer.from(payload), spans: Uint32Array.of(0, payload.length), count: 1 })).toBe(
      0,
    );
    const around = new Uint8Array(payload.length + 9);
    around.set(payload, 5);
    const part = around.subarray(5, 5 + payload.length);
    expect(verify({ bytes: part, spans: Uint32Array.of(0, payload.length), count: 1 })).toBe(0);
  });

  it('makes programs of nothing but programs', () => {
    for (const stranger of [...STRANGERS, new Uint8Array(8)]) {
      expect(() => loose('createProgram')(stranger)).toThrow(new TypeError('code must be an Int32Array'));
    }
    for (const junk of [
      new Int32Array(0),
      new Int32Array(64),
      new Int32Array(64).fill(-1),
      code().slice(0, -1),
    ]) {
      expect(() => native.createProgram(junk)).toThrow(new RangeError('code is no program of this version'));
    }
  });

  it('keeps a program as it was when it was made, whatever becomes of its array', () => {
    const array = Int32Array.from(code());
    const program = native.createProgram(array);
    array.fill(-1);
    expect(verify({ program })).toBe(1);
    expect(native.createProgram(Int32Array.from(code()))).not.toBe(program);
  });

  it('survives its programs being collected', () => {
    const spans = Uint32Array.of(0, payload.length);
    for (let round = 0; round < 20_000; round++) {
      const program = native.createProgram(code());
      if (round % 100 === 0) expect(verify({ program, spans, count: 1 })).toBe(0);
    }
  });

  it.each(['crc32c', 'isUtf8'])('throws for arguments of %s that are none', (name) => {
    const bytes = new Uint8Array(8);
    const call =
      (...args: unknown[]) =>
      () =>
        loose(name)(...args);
    for (const stranger of STRANGERS) {
      expect(call(stranger, 0, 0, 0)).toThrow(new TypeError('bytes must be a Uint8Array'));
      expect(call(bytes, stranger, 8, 0)).toThrow(new TypeError('start must be a number'));
      expect(call(bytes, 0, stranger, 0)).toThrow(new TypeError('end must be a number'));
    }
    for (const number of [...NO_NUMBERS, 9]) {
      expect(call(bytes, 0, number, 0)).toThrow(new RangeError('end must be an integer from 0 to 8'));
      expect(call(bytes, number, 8, 0)).toThrow(new RangeError('start must be an integer from 0 to 8'));
    }
    expect(call(bytes, 5, 4, 0)).toThrow(new RangeError('start must be an integer from 0 to 4'));
    expect(call(detached(new Uint8Array(8)), 0, 0, 0)).toThrow('bytes is detached');
    expect(call()).toThrow(TypeError);
    expect(call(bytes, 8, 8, 0)).not.toThrow();
  });

  it('throws for seeds of a CRC-32C that are none', () => {
    for (const seed of NO_NUMBERS) {
      expect(() => loose('crc32c')(new Uint8Array(8), 0, 8, seed)).toThrow(
        /seed must be an integer from 0 to 4294967295/,
      );
    }
    expect(() => loose('crc32c')(new Uint8Array(8), 0, 8)).toThrow(new TypeError('seed must be a number'));
  });

  it.each([
    ['float32ToFloat16', Float32Array, Uint16Array],
    ['float32ToBfloat16', Float32Array, Uint16Array],
    ['float16ToFloat32', Uint16Array, Float32Array],
    ['bfloat16ToFloat32', Uint16Array, Float32Array],
  ] as const)('throws for arguments of %s that are none', (name, Source, Target) => {
    const call =
      (...args: unknown[]) =>
      () =>
        loose(name)(...args);
    for (const stranger of [...STRANGERS, new Uint8Array(4)]) {
      expect(call(stranger, new Target(4))).toThrow(new TypeError(`source must be a ${Source.name}`));
      expect(call(new Source(4), stranger)).toThrow(new TypeError(`target must be a ${Target.name}`));
    }
    expect(call(new Source(4), new Target(5))).toThrow('source and target must be of the same length');
    const buffer = new ArrayBuffer(64);
    expect(call(new Source(buffer, 0, 4), new Target(buffer, 4, 4))).toThrow('must not share memory');
    expect(call(new Source(buffer, 0, 4), new Target(buffer, 16, 4))).not.toThrow();
    expect(call(detached(new Source(4)), detached(new Target(4)))).toThrow('source is detached');
  });
});
