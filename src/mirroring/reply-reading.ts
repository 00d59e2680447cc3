import { ContentType } from '../codec/generated/modwire/content-type.js';
import { Memory } from '../codec/memory.js';
import { decodeUtf8 } from '../codec/utf8.js';
import { VerifiedPayload } from '../contracts/json/verified-payload.js';
import type { Program } from '../contracts/program.js';
import { ProgramVerifier } from '../contracts/program-verifier.js';
import type { Schema } from '../contracts/schema-model.js';
import { ModwireError } from '../errors.js';
import { decodeInferResponse, type InferResponse } from '../tensors/infer-response.js';
import type { JsonValue } from './json-comparison.js';

/** One reply, as it came. Nobody need have verified it. */
export interface MirroredReply {
  readonly contentType: ContentType;
  readonly payload: Uint8Array;
  /** Of a FlatBuffer, where it is known. Plain data, such as a CompiledSchema. */
  readonly schema?: ReplySchema | undefined;
}

export interface ReplySchema {
  readonly schema: Schema;
  /** Index of the root table in the schema's objects. */
  readonly root: number;
  readonly program: Program;
}

/** A reply as it can be compared. What does not hold what it says it is, is bytes. */
export type ReplyReading =
  | { readonly form: 'tensors'; readonly response: InferResponse }
  | { readonly form: 'table'; readonly payload: VerifiedPayload; readonly root: number }
  | { readonly form: 'JSON'; readonly value: JsonValue }
  | { readonly form: 'bytes' };

/** Root of what models answer. */
const RESPONSE_NAME = 'modwire.inference.InferResponse';

const BYTES: ReplyReading = { form: 'bytes' };
const verifier = new ProgramVerifier();

export function readReply({ contentType, payload, schema }: MirroredReply): ReplyReading {
  if (contentType === ContentType.json) return readJson(payload);
  if (contentType !== ContentType.flatbuffer && contentType !== ContentType.tensor) return BYTES;
  const isResponse =
    schema === undefined ? contentType === ContentType.tensor : nameOf(schema) === RESPONSE_NAME;
  const response = isResponse ? responseOf(payload) : undefined;
  if (response !== undefined) return { form: 'tensors', response };
  return schema === undefined ? BYTES : readTable(schema, payload);
}

/** What a reply is called where the other one is something else. */
export function readingName(reading: ReplyReading): string {
  return reading.form === 'table' ? reading.payload.plan.object(reading.root).object.name : reading.form;
}

function nameOf({ schema, root }: ReplySchema): string {
  return schema.objects[root]!.name;
}

/** Undefined of a payload that is none. */
function responseOf(payload: Uint8Array): InferResponse | undefined {
  try {
    return decodeInferResponse(payload);
  } catch (thrown) {
    if (thrown instanceof ModwireError && thrown.code === 'CONTRACT_VIOLATION') return undefined;
    throw thrown;
  }
}

function readTable({ schema, root, program }: ReplySchema, payload: Uint8Array): ReplyReading {
  const violation = verifier.verify(program, new Memory(payload), 0, payload.length);
  return violation === undefined
    ? { form: 'table', payload: new VerifiedPayload(schema, payload), root }
    : BYTES;
}

function readJson(payload: Uint8Array): ReplyReading {
  try {
    return { form: 'JSON', value: JSON.parse(decodeUtf8(payload, 0, payload.length)) };
  } catch {
    return BYTES;
  }
}
