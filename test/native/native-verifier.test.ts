import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileProgram } from '../../src/contracts/compile-program.js';
import { TypeScriptVerifier } from '../../src/contracts/typescript-verifier.js';
import { NativeVerifier } from '../../src/native/native-verifier.js';
import { SAMPLE_SCHEMA, samplePayload } from '../../src/workers/sample-payload.js';
import { builtAddon } from '../support/native-addon.js';

const addon = builtAddon();

const ROOT = 0;
const NODE = 1;

describe.skipIf(addon === undefined)('the native verifier', () => {
  const typescript = new TypeScriptVerifier();

  it('has the verdicts of TypeScript over regions with broken payloads among right ones', () => {
    const native = new NativeVerifier(addon!);
    const program = compileProgram(SAMPLE_SCHEMA, ROOT);
    const payload = fc
      .record({
        nodes: fc.nat(12),
        where: fc.nat(),
        value: fc.nat(255),
        cut: fc.nat(3),
        broken: fc.boolean(),
      })
      .map(({ nodes, where, value, cut, broken }) => {
        const bytes = samplePayload(nodes);
        if (!broken) return bytes;
        bytes[where % bytes.length] = value;
        return bytes.subarray(0, bytes.length - cut);
      });
    let failures = 0;
    let count = 0;
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 20 }), fc.nat(7), (payloads, before) => {
        const spans = new Uint32Array(2 * payloads.length);
        const bytes = new Uint8Array(before + payloads.reduce((sum, { length }) => sum + length, 0));
        let at = before;
        payloads.forEach((one, index) => {
          bytes.set(one, at);
          spans.set([at, at + one.length], 2 * index);
          at += one.length;
        });
        const verdicts = new Int32Array(spans.length).fill(-1);
        const expected = new Int32Array(spans.length).fill(-1);
        const failed = native.verifyRegion(program, bytes, spans, payloads.length, verdicts);
        expect(failed).toBe(typescript.verifyRegion(program, bytes, spans, payloads.length, expected));
        expect(verdicts).toEqual(expected);
        failures += failed;
        count += payloads.length;
      }),
      { numRuns: 1000 },
    );
    expect(failures).toBeGreaterThan(count / 20);
    expect(failures).toBeLessThan(count / 2);
  });

  it('takes each program for itself, however they alternate', () => {
    const native = new NativeVerifier(addon!);
    const payload = samplePayload(2);
    const spans = Uint32Array.of(0, payload.length);
    const verdicts = new Int32Array(2);
    // As a Node, the offset to the vector would be a number, and verifies too; another identifier does not.
    const sample = compileProgram(SAMPLE_SCHEMA, ROOT);
    const node = compileProgram(SAMPLE_SCHEMA, NODE);
    const other = compileProgram({ ...SAMPLE_SCHEMA, fileIdentifier: 'ABCD' }, ROOT);
    for (let round = 0; round < 3; round++) {
      expect(native.verifyRegion(sample, payload, spans, 1, verdicts)).toBe(0);
      expect(native.verifyRegion(other, payload, spans, 1, verdicts)).toBe(1);
      expect(native.verifyRegion(node, payload, spans, 1, verdicts)).toBe(0);
      expect(native.verifyRegion(other, payload, spans, 1, verdicts)).toBe(1);
    }
  });

  it('throws for a program whose code is none, again and again', () => {
    const native = new NativeVerifier(addon!);
    const good = compileProgram(SAMPLE_SCHEMA, ROOT);
    const bad = { code: new Int32Array(good.code.length), names: good.names };
    const payload = samplePayload(1);
    const verify = (program: typeof good) =>
      native.verifyRegion(program, payload, Uint32Array.of(0, payload.length), 1, new Int32Array(2));
    expect(verify(good)).toBe(0);
    for (let times = 0; times < 2; times++)
      expect(() => verify(bad)).toThrow('code is no program of this version');
    expect(verify(good)).toBe(0);
  });
});
