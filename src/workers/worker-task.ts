import type { ErrorCode, ErrorDetail } from '../errors.js';
import type { ComparisonOptions, MirroredOutcome } from '../mirroring/compare-replies.js';
import type { MirroredReply } from '../mirroring/reply-reading.js';
import type { InferBody, ModelName, OutputForm } from '../open-inference/infer-body.js';

/**
 * A value on shared memory, so that naming it in a thousand tasks copies nothing. Workers keep what they made of it
 * under `id`.
 */
export interface SharedValue {
  readonly id: number;
  /** JSON in UTF-8. */
  readonly text: SharedArrayBuffer;
}

export interface SharedProgram {
  readonly id: number;
  readonly code: Int32Array;
  readonly names: SharedArrayBuffer;
}

export interface SharedRoot {
  readonly schema: SharedValue;
  readonly root: number;
}

/** What came back for a request, its schemas on shared memory. */
export interface SharedOutcome extends Pick<MirroredOutcome, 'error'> {
  readonly replies: readonly SharedReply[];
}

export interface SharedReply extends Omit<MirroredReply, 'schema'> {
  readonly schema: (SharedRoot & { readonly program: SharedProgram }) | undefined;
}

/** What a worker is asked to do. */
export type WorkerTask =
  | {
      readonly kind: 'verify';
      readonly program: SharedProgram;
      readonly bytes: Uint8Array;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'compile'; readonly bfbs: Uint8Array; readonly root: string | undefined }
  | { readonly kind: 'compare'; readonly before: SharedRoot; readonly after: SharedRoot }
  | { readonly kind: 'fromJson'; readonly target: SharedRoot; readonly json: Uint8Array }
  | {
      readonly kind: 'toJson';
      readonly source: SharedRoot;
      readonly program: SharedProgram;
      readonly payload: Uint8Array;
    }
  | { readonly kind: 'inferRequest'; readonly body: InferBody; readonly model: ModelName }
  | { readonly kind: 'inferResponse'; readonly payload: Uint8Array; readonly form: OutputForm }
  | {
      readonly kind: 'compareReplies';
      readonly primary: SharedOutcome;
      readonly shadow: SharedOutcome;
      readonly options: ComparisonOptions;
    };

/** As it is posted: `slot` is the worker's entry among the clocks. */
export interface PostedTask {
  readonly slot: number;
  readonly task: WorkerTask;
}

/** Errors cross the thread as data: as thrown they would lose code and detail. */
export type WorkerAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: ErrorDetail };

/** What every worker is started with. */
export interface WorkerSetup {
  /** For each slot the time (monotonic, in ms) at which its task began; 0 before. On shared memory. */
  readonly clocks: Float64Array;
}

/** Milliseconds on the clock that all threads of a process have in common. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
