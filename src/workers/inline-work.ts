import { Memory } from '../codec/memory.js';
import type { Violation } from '../codec/verify-rule.js';
import { type CompatibilityReport, compareSchemas } from '../contracts/compatibility.js';
import { type CompiledSchema, compileSchema } from '../contracts/compile-schema.js';
import { payloadFromJson } from '../contracts/json/payload-from-json.js';
import { payloadToJson } from '../contracts/json/payload-to-json.js';
import type { Program } from '../contracts/program.js';
import { ModwireError } from '../errors.js';
import {
  type ComparisonOptions,
  compareReplies,
  type MirroredOutcome,
} from '../mirroring/compare-replies.js';
import type { ReplyComparison } from '../mirroring/difference.js';
import { PayloadVerifier } from '../native/payload-verifier.js';
import type { InferBody, InferCall, ModelName, OutputForm } from '../open-inference/infer-body.js';
import { requestFromBody } from '../open-inference/request-body.js';
import { bodyFromResponse } from '../open-inference/response-body.js';
import type { HeavyWork, SchemaRoot } from './heavy-work.js';

/** HeavyWork in the thread that asks for it, for what is small. Nothing is bounded or moved away. */
export class InlineWork implements HeavyWork {
  readonly #verifier = new PayloadVerifier();

  async verify(
    program: Program,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly violation: Violation | undefined }> {
    return { bytes, violation: this.#verifier.verify(program, new Memory(bytes), start, end) };
  }

  async compile(bfbs: Uint8Array, root: string | undefined): Promise<CompiledSchema> {
    return compileSchema(bfbs, root);
  }

  async compare(before: SchemaRoot, after: SchemaRoot): Promise<CompatibilityReport> {
    return compareSchemas(before, after);
  }

  async fromJson({ schema, root }: SchemaRoot, json: Uint8Array): Promise<Uint8Array> {
    return payloadFromJson(schema, root, json);
  }

  async toJson(
    { schema, root, program }: SchemaRoot & { readonly program: Program },
    payload: Uint8Array,
  ): Promise<Uint8Array> {
    const violation = this.#verifier.verify(program, new Memory(payload), 0, payload.length);
    if (violation !== undefined) {
      throw new ModwireError('CONTRACT_VIOLATION', {
        what: 'the payload does not verify',
        got: violation.text,
      });
    }
    return payloadToJson(schema, root, payload);
  }

  async inferRequest(body: InferBody, model: ModelName): Promise<InferCall> {
    return requestFromBody(body, model);
  }

  async inferResponse(payload: Uint8Array, form: OutputForm): Promise<InferBody> {
    return bodyFromResponse(payload, form);
  }

  async compareReplies(
    primary: MirroredOutcome,
    shadow: MirroredOutcome,
    options: ComparisonOptions,
  ): Promise<ReplyComparison> {
    return compareReplies(primary, shadow, options);
  }
}
