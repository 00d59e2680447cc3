import { Memory } from '../codec/memory.js';
import type { Program } from './program.js';
import { ProgramVerifier } from './program-verifier.js';
import { type RegionVerifier, VERDICT_RULES } from './region-verifier.js';

/** The verifier for where the native addon is not. */
export class TypeScriptVerifier implements RegionVerifier {
  readonly #verifier = new ProgramVerifier();

  verifyRegion(
    program: Program,
    bytes: Uint8Array,
    spans: Uint32Array,
    count: number,
    verdicts: Int32Array,
  ): number {
    const verifier = this.#verifier;
    const memory = new Memory(bytes);
    let failures = 0;
    for (let at = 0; at < 2 * count; at += 2) {
      checkSpan(spans[at]!, spans[at + 1]!, bytes);
      const accepted = verifier.accepts(program, memory, spans[at]!, spans[at + 1]!);
      verdicts[at] = accepted ? 0 : verifier.failedRule;
      verdicts[at + 1] = accepted ? 0 : verifier.failedAt;
      if (!accepted) failures++;
    }
    return failures;
  }

  verifyPayload(program: Program, bytes: Uint8Array, start: number, end: number): number {
    checkSpan(start, end, bytes);
    const verifier = this.#verifier;
    if (verifier.accepts(program, new Memory(bytes), start, end)) return 0;
    return verifier.failedRule + VERDICT_RULES * verifier.failedAt;
  }
}

function checkSpan(start: number, end: number, bytes: Uint8Array): void {
  if (start > end || end > bytes.length) throw new RangeError('every span must lie inside of bytes');
}
