import { decodeUtf8, encodeUtf8 } from '../codec/utf8.js';
import type { Program } from '../contracts/program.js';
import type { Schema } from '../contracts/schema-model.js';
import type { SharedProgram, SharedValue } from './worker-task.js';

let lastId = 0;
const SCHEMAS = new WeakMap<Schema, SharedValue>();
const PROGRAMS = new WeakMap<Program, SharedProgram>();

/** The schema on shared memory; copied once, however many tasks name it. */
export function shareSchema(schema: Schema): SharedValue {
  let shared = SCHEMAS.get(schema);
  if (shared === undefined) {
    shared = { id: ++lastId, text: shareText(JSON.stringify(schema)) };
    SCHEMAS.set(schema, shared);
  }
  return shared;
}

export function shareProgram(program: Program): SharedProgram {
  let shared = PROGRAMS.get(program);
  if (shared === undefined) {
    shared = { id: ++lastId, code: shareCode(program.code), names: shareText(JSON.stringify(program.names)) };
    PROGRAMS.set(program, shared);
  }
  return shared;
}

function shareText(text: string): SharedArrayBuffer {
  const bytes = encodeUtf8(text);
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

function shareCode(code: Int32Array): Int32Array {
  if (code.buffer instanceof SharedArrayBuffer) return code;
  const shared = new Int32Array(new SharedArrayBuffer(code.byteLength));
  shared.set(code);
  return shared;
}

/** What a worker made of shared values; the ones used least recently go when their texts exceed `bound` bytes. */
export class SharedValueCache {
  readonly #bound: number;
  readonly #kept = new Map<number, { readonly value: unknown; readonly byteLength: number }>();
  #byteLength = 0;

  constructor(bound: number) {
    this.#bound = bound;
  }

  schema({ id, text }: SharedValue): Schema {
    return this.#get(id, text.byteLength, () => parse(text) as Schema);
  }

  program({ id, code, names }: SharedProgram): Program {
    return this.#get(id, names.byteLength, () => ({ code, names: parse(names) as string[] }));
  }

  #get<Value>(id: number, byteLength: number, make: () => Value): Value {
    let kept = this.#kept.get(id);
    if (kept !== undefined) this.#kept.delete(id);
    else {
      kept = { value: make(), byteLength };
      this.#byteLength += byteLength;
    }
    this.#kept.set(id, kept);
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#byteLength <= this.#bound || oldest === id) break;
      this.#kept.delete(oldest);
      this.#byteLength -= byteLength;
    }
    return kept.value as Value;
  }
}

function parse(text: SharedArrayBuffer): unknown {
  // Decoders take no shared memory.
  const bytes = new Uint8Array(text).slice();
  return JSON.parse(decodeUtf8(bytes, 0, bytes.length));
}
