import type { FrameView } from '../codec/frame-view.js';
import { Memory } from '../codec/memory.js';
import { ProgramVerifier } from '../contracts/program-verifier.js';
import type { RegionVerifier } from '../contracts/region-verifier.js';
import { kernels } from '../native/kernels.js';
import type { AcceptedVersion } from './bound-contracts.js';
import type { BrokerSubject } from './session.js';

/** Payloads verified in one call at most. */
const MAX_PAYLOADS = 512;
/** For fewer a call of the addon costs more than it saves. */
const NATIVE_PAYLOADS = 4;

/**
 * Payloads of frames that lie side by side in one message, on one subject and of one version: they are verified together
 * when the run ends. In one call of the addon each costs a quarter of what it costs alone.
 */
export class PayloadRun {
  /** Undefined where the addon is not in use: nothing is gained then. */
  readonly #verifier: RegionVerifier | undefined;
  readonly #few = new ProgramVerifier();
  readonly #spans = new Uint32Array(2 * MAX_PAYLOADS);
  readonly #verdicts = new Int32Array(2 * MAX_PAYLOADS);
  #subject: BrokerSubject | undefined;
  #version: AcceptedVersion | undefined;
  #count = 0;

  /** Throws as `loadNative` does. */
  constructor() {
    const { native, verifier } = kernels();
    this.#verifier = native ? verifier : undefined;
  }

  /** Whether payloads may wait for the end of their run. */
  get inUse(): boolean {
    return this.#verifier !== undefined;
  }

  get count(): number {
    return this.#count;
  }

  /** The subject of the frames. */
  get subject(): BrokerSubject | undefined {
    return this.#subject;
  }

  /** Whether a frame of this subject and version may join what is in the run. */
  takes(subject: BrokerSubject, version: AcceptedVersion): boolean {
    return this.#count < MAX_PAYLOADS && subject === this.#subject && version === this.#version;
  }

  add(subject: BrokerSubject, version: AcceptedVersion, { payloadStart, payloadEnd }: FrameView): void {
    this.#subject = subject;
    this.#version = version;
    const at = 2 * this.#count++;
    this.#spans[at] = payloadStart;
    this.#spans[at + 1] = payloadEnd;
  }

  /** Begins anew; whether all payloads, which lie in `bytes`, verify. */
  end(bytes: Uint8Array): boolean {
    const count = this.#count;
    const { program } = this.#version!;
    const spans = this.#spans;
    this.#count = 0;
    this.#subject = undefined;
    if (count >= NATIVE_PAYLOADS) {
      return this.#verifier!.verifyRegion(program, bytes, spans, count, this.#verdicts) === 0;
    }
    const memory = new Memory(bytes);
    for (let at = 0; at < 2 * count; at += 2) {
      if (!this.#few.accepts(program, memory, spans[at]!, spans[at + 1]!)) return false;
    }
    return true;
  }
}
