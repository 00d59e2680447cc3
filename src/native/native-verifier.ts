import type { Program } from '../contracts/program.js';
import type { RegionVerifier } from '../contracts/region-verifier.js';
import type { NativeAddon, ProgramHandle } from './native-addon.js';

/** The verifier of the native addon. A program is handed over once, with the first region that needs it. */
export class NativeVerifier implements RegionVerifier {
  readonly #addon: NativeAddon;
  readonly #handles = new WeakMap<Program, ProgramHandle>();
  /** The one used last: traffic comes in runs of one schema. */
  #program: Program | undefined;
  #handle: ProgramHandle | undefined;

  constructor(addon: NativeAddon) {
    this.#addon = addon;
  }

  verifyRegion(
    program: Program,
    bytes: Uint8Array,
    spans: Uint32Array,
    count: number,
    verdicts: Int32Array,
  ): number {
    if (program !== this.#program) this.#take(program);
    return this.#addon.verifyRegion(this.#handle!, bytes, spans, count, verdicts);
  }

  verifyPayload(program: Program, bytes: Uint8Array, start: number, end: number): number {
    if (program !== this.#program) this.#take(program);
    return this.#addon.verifyPayload(this.#handle!, bytes, start, end);
  }

  #take(program: Program): void {
    let handle = this.#handles.get(program);
    if (handle === undefined) {
      handle = this.#addon.createProgram(program.code);
      this.#handles.set(program, handle);
    }
    this.#program = program;
    this.#handle = handle;
  }
}
