import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import { Rule } from '../../src/codec/verify-rule.js';
import { compileProgram } from '../../src/contracts/compile-program.js';
import { ProgramVerifier } from '../../src/contracts/program-verifier.js';
import { VERDICT_RULES } from '../../src/contracts/region-verifier.js';
import { TypeScriptVerifier } from '../../src/contracts/typescript-verifier.js';
import { NativeVerifier } from '../../src/native/native-verifier.js';
import { PayloadVerifier } from '../../src/native/payload-verifier.js';
import { SAMPLE_SCHEMA, samplePayload } from '../../src/workers/sample-payload.js';
import { builtAddon } from '../support/native-addon.js';

const addon = builtAddon();
const program = compileProgram(SAMPLE_SCHEMA, 0);

/** A payload somewhere in a larger memory, sound or with one byte changed; from smaller to larger than what goes to the addon. */
const placed = fc
  .record({ nodes: fc.nat(80), before: fc.nat(9), where: fc.nat(), value: fc.nat(255), broken: fc.boolean() })
  .map(({ nodes, before, where, value, broken }) => {
    const payload = samplePayload(nodes);
    if (broken) payload[where % payload.length] = value;
    const bytes = new Uint8Array(before + payload.length + 3).fill(0xee);
    bytes.set(payload, before);
    return { bytes, start: before, end: before + payload.length };
  });

describe('a verifier of payloads', () => {
  it('finds in a payload of any size what the verifier in TypeScript finds, with its path', () => {
    const verifier = new PayloadVerifier();
    const reference = new ProgramVerifier();
    let refused = 0;
    fc.assert(
      fc.property(placed, ({ bytes, start, end }) => {
        const expected = reference.verify(program, new Memory(bytes), start, end);
        if (expected !== undefined) refused++;
        expect(verifier.verify(program, new Memory(bytes), start, end)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  it.each([
    ['in TypeScript', () => new TypeScriptVerifier()],
    ...(addon === undefined ? [] : [['in the addon', () => new NativeVerifier(addon)] as const]),
  ] as const)('gives the verdict on one payload as one number, %s', (_, make) => {
    const verifier = make();
    const payload = samplePayload(3);
    expect(verifier.verifyPayload(program, payload, 0, payload.length)).toBe(0);
    expect(verifier.verifyPayload(program, payload, 0, 4)).toBe(Rule.tooShort);
    // The vector says that it is longer than the payload.
    const data = new DataView(payload.buffer);
    data.setUint32(20, 0x1000_0000, true);
    expect(verifier.verifyPayload(program, payload, 0, payload.length)).toBe(
      Rule.vectorBounds + VERDICT_RULES * 20,
    );
    for (const [start, end] of [
      [1, 0],
      [0, payload.length + 1],
    ] as const) {
      expect(() => verifier.verifyPayload(program, payload, start, end)).toThrow(RangeError);
    }
  });
});
