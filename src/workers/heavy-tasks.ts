import { Memory } from '../codec/memory.js';
import type { Violation } from '../codec/verify-rule.js';
import { compareSchemas } from '../contracts/compatibility.js';
import { compileSchema } from '../contracts/compile-schema.js';
import { payloadFromJson } from '../contracts/json/payload-from-json.js';
import { payloadToJson } from '../contracts/json/payload-to-json.js';
import type { Program } from '../contracts/program.js';
import { ModwireError } from '../errors.js';
import { compareReplies, type MirroredOutcome } from '../mirroring/compare-replies.js';
import { PayloadVerifier } from '../native/payload-verifier.js';
import { requestFromBody } from '../open-inference/request-body.js';
import { bodyFromResponse } from '../open-inference/response-body.js';
import type { SchemaRoot } from './heavy-work.js';
import { SharedValueCache } from './shared-values.js';
import type { SharedOutcome, SharedRoot, WorkerTask } from './worker-task.js';

/** Schemas kept by a worker. Bytes of their JSON. */
const KEPT_BYTES = 4 * 1024 * 1024;

/** The result of a task, with the buffers that move with it. */
export interface HeavyResult {
  readonly value: unknown;
  readonly transfer: readonly ArrayBuffer[];
}

/** Does inside a worker what HeavyWork promises outside. */
export class HeavyTasks {
  readonly #kept = new SharedValueCache(KEPT_BYTES);
  readonly #verifier = new PayloadVerifier();

  run(task: WorkerTask): HeavyResult {
    switch (task.kind) {
      case 'verify': {
        const { bytes, start, end } = task;
        const found = this.#verify(this.#kept.program(task.program), bytes, start, end);
        return { value: { bytes, violation: found }, transfer: [bytes.buffer as ArrayBuffer] };
      }
      case 'compile':
        return { value: compileSchema(task.bfbs, task.root), transfer: [] };
      case 'compare':
        return { value: compareSchemas(this.#rooted(task.before), this.#rooted(task.after)), transfer: [] };
      case 'fromJson': {
        const { schema, root } = this.#rooted(task.target);
        return moved(payloadFromJson(schema, root, task.json));
      }
      case 'toJson': {
        const { payload } = task;
        const found = this.#verify(this.#kept.program(task.program), payload, 0, payload.length);
        if (found !== undefined) {
          throw new ModwireError('CONTRACT_VIOLATION', {
            what: 'the payload does not verify',
            got: found.text,
          });
        }
        const { schema, root } = this.#rooted(task.source);
        return moved(payloadToJson(schema, root, payload));
      }
      case 'inferRequest': {
        const call = requestFromBody(task.body, task.model);
        return { value: call, transfer: [call.payload.buffer as ArrayBuffer] };
      }
      case 'inferResponse': {
        const body = bodyFromResponse(task.payload, task.form);
        return { value: body, transfer: [body.bytes.buffer as ArrayBuffer] };
      }
      case 'compareReplies': {
        const [primary, shadow] = [this.#outcome(task.primary), this.#outcome(task.shadow)];
        return { value: compareReplies(primary, shadow, task.options), transfer: [] };
      }
    }
  }

  #verify(program: Program, bytes: Uint8Array, start: number, end: number): Violation | undefined {
    return this.#verifier.verify(program, new Memory(bytes), start, end);
  }

  #outcome({ error, replies }: SharedOutcome): MirroredOutcome {
    const read = replies.map(({ schema, ...reply }) => ({
      ...reply,
      schema: schema && { ...this.#rooted(schema), program: this.#kept.program(schema.program) },
    }));
    return { error, replies: read };
  }

  #rooted({ schema, root }: SharedRoot): SchemaRoot {
    return { schema: this.#kept.schema(schema), root };
  }
}

function moved(bytes: Uint8Array): HeavyResult {
  return { value: bytes, transfer: [bytes.buffer as ArrayBuffer] };
}
