import type { Violation } from '../codec/verify-rule.js';
import type { CompatibilityReport } from '../contracts/compatibility.js';
import type { CompiledSchema } from '../contracts/compile-schema.js';
import type { Program } from '../contracts/program.js';
import type { Schema } from '../contracts/schema-model.js';
import type { ComparisonOptions, MirroredOutcome } from '../mirroring/compare-replies.js';
import type { ReplyComparison } from '../mirroring/difference.js';
import type { InferBody, InferCall, ModelName, OutputForm } from '../open-inference/infer-body.js';

/**
 * Work too heavy for the event loop. Every method rejects with RESOURCE_EXHAUSTED when the queue is full, with
 * DEADLINE_EXCEEDED when a task takes longer than it may, with INTERNAL when a worker dies over it; either costs this
 * one task and no other.
 */
export interface HeavyWork {
  /**
   * Verifies the payload at `start` to `end` of `bytes`, which move to the worker and come back: the caller's own
   * array is detached meanwhile, and must be the only view of its ArrayBuffer.
   */
  verify(
    program: Program,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly violation: Violation | undefined }>;
  /** Reads and compiles a `.bfbs`. Rejects with INVALID_ARGUMENT or UNIMPLEMENTED for a schema that is none or not supported. */
  compile(bfbs: Uint8Array, root: string | undefined): Promise<CompiledSchema>;
  /** Holds a new version against an old one. Both are given by root table. */
  compare(before: SchemaRoot, after: SchemaRoot): Promise<CompatibilityReport>;
  /** A payload from JSON (UTF-8). Rejects with INVALID_ARGUMENT that names the place in the JSON. */
  fromJson(target: SchemaRoot, json: Uint8Array): Promise<Uint8Array>;
  /** JSON (UTF-8) from a payload, which is verified first. Rejects with CONTRACT_VIOLATION. */
  toJson(source: SchemaRoot & { readonly program: Program }, payload: Uint8Array): Promise<Uint8Array>;
  /** What a request of the Open Inference Protocol is as a payload. Rejects with INVALID_ARGUMENT that names the place. */
  inferRequest(body: InferBody, model: ModelName): Promise<InferCall>;
  /**
   * What a payload of a response is in that protocol. Rejects with CONTRACT_VIOLATION for a payload that is none, NOT_FOUND for
   * an output that is wanted and not there, INVALID_ARGUMENT for one that cannot be JSON.
   */
  inferResponse(payload: Uint8Array, form: OutputForm): Promise<InferBody>;
  /**
   * What differs between the replies of two services. Payloads move to the worker and do not come back: each must be the
   * only view of its ArrayBuffer.
   */
  compareReplies(
    primary: MirroredOutcome,
    shadow: MirroredOutcome,
    options: ComparisonOptions,
  ): Promise<ReplyComparison>;
}

export interface SchemaRoot {
  readonly schema: Schema;
  /** Index of the root table in the schema's objects. */
  readonly root: number;
}
