import type { Program } from './program.js';

/** A verdict as one number: its rule, and so many times its offset. */
export const VERDICT_RULES = 32;

/** Verifies payloads, one or many of one region of memory in one call: in TypeScript, or in the native addon. */
export interface RegionVerifier {
  /**
   * `spans` holds start and end of each payload in `bytes`, in pairs; `count` is the number of pairs. Writes for each
   * payload two numbers to `verdicts`: its rule (0: it verifies) and the byte offset of the violation from the
   * payload's start. Returns how many do not verify.
   */
  verifyRegion(
    program: Program,
    bytes: Uint8Array,
    spans: Uint32Array,
    count: number,
    verdicts: Int32Array,
  ): number;
  /**
   * The verdict of the one payload at `start` to `end`: its rule, plus VERDICT_RULES times the byte offset of the
   * violation; 0 when it verifies.
   */
  verifyPayload(program: Program, bytes: Uint8Array, start: number, end: number): number;
}
