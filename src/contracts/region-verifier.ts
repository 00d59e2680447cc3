import type { Program } from './program.js';

/** Verifies many payloads of one region of memory in one call: in TypeScript, or in the native addon. */
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
}
