import { Rule, type Violation } from '../../src/codec/verify-rule.js';
import type { Program } from '../../src/contracts/program.js';
import { ProgramVerifier } from '../../src/contracts/program-verifier.js';
import { NativeVerifier } from '../../src/native/native-verifier.js';
import { builtAddon } from './native-addon.js';
import { NEIGHBOUR_BYTES, surround } from './surrounded.js';

const verifier = new ProgramVerifier();
const addon = builtAddon();
const native = addon === undefined ? undefined : new NativeVerifier(addon);

/**
 * The first violation of a payload, undefined when it verifies: what TypeScript says whatever lies beside the payload,
 * and what the addon says too, where it is there.
 */
export function verdictOf(program: Program, payload: Uint8Array): Violation | undefined {
  const start = NEIGHBOUR_BYTES;
  const end = start + payload.length;
  const [first, ...others] = [0x00, 0xff].map((filler) =>
    verifier.verify(program, surround(payload, filler), start, end),
  );
  for (const other of others) {
    if (other?.text !== first?.text) throw new Error(`it depends on the neighbours: ${other?.text}`);
  }
  if (native === undefined) return first;
  const verdict = new Int32Array(2);
  native.verifyRegion(program, surround(payload, 0xff).u8, Uint32Array.of(start, end), 1, verdict);
  const expected = first === undefined ? [Rule.ok, 0] : [Rule[first.rule], first.offset];
  if (verdict[0] !== expected[0] || verdict[1] !== expected[1]) {
    throw new Error(`TypeScript says ${expected.join(' at ')}, the addon ${verdict.join(' at ')}`);
  }
  return first;
}
