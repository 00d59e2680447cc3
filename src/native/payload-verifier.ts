import type { Memory } from '../codec/memory.js';
import { type RuleNumber, type Violation, violation } from '../codec/verify-rule.js';
import type { Program } from '../contracts/program.js';
import { ProgramVerifier } from '../contracts/program-verifier.js';
import { type RegionVerifier, VERDICT_RULES } from '../contracts/region-verifier.js';
import { kernels } from './kernels.js';

/**
 * Payloads from this size on go to the addon, one by one. Below, a call costs more than it saves with flat payloads, and
 * little less than it saves with nested ones. Bytes; measured, docs/native.md.
 */
const NATIVE_BYTES = 512;

/** Verifies payloads one by one, where they cost least: small ones in TypeScript, others in the addon if it is in use. */
export class PayloadVerifier {
  readonly #small = new ProgramVerifier();
  readonly #large: RegionVerifier | undefined;

  /** Throws as `loadNative` does. */
  constructor() {
    const { native, verifier } = kernels();
    this.#large = native ? verifier : undefined;
  }

  /** The first violation of the payload at `start` to `end`, if there is one. */
  verify(program: Program, memory: Memory, start: number, end: number): Violation | undefined {
    if (this.#large === undefined || end - start < NATIVE_BYTES) {
      return this.#small.verify(program, memory, start, end);
    }
    const verdict = this.#large.verifyPayload(program, memory.u8, start, end);
    if (verdict === 0) return undefined;
    // Only TypeScript knows the path. Both have one verdict; where they had not, the stricter one counts.
    return (
      this.#small.verify(program, memory, start, end) ??
      violation((verdict % VERDICT_RULES) as RuleNumber, Math.floor(verdict / VERDICT_RULES), '')
    );
  }
}
