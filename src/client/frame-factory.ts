import type { FrameFields } from '../codec/frame-fields.js';
import { ID_BYTES, SPAN_ID_BYTES } from '../codec/frame-layout.js';
import { ContentType } from '../codec/generated/modwire/content-type.js';
import { Kind } from '../codec/generated/modwire/kind.js';
import { IdGenerator } from '../codec/message-id.js';
import { checkSubject } from '../codec/subject.js';
import { encodeUtf8 } from '../codec/utf8.js';
import { ModwireError } from '../errors.js';
import type { Payload, PublishOptions } from './publish-options.js';

/** What a publisher says, where undefined is the same as left out. */
export type FrameOptions = { readonly [Name in keyof PublishOptions]?: PublishOptions[Name] | undefined };

const NO_OPTIONS: FrameOptions = {};
/** Subjects whose check is remembered; beyond it the memory starts anew. */
const MAX_CHECKED_SUBJECTS = 4096;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Turns what a publisher says into the fields of a frame, with a fresh id and time. One object is filled again and
 * again: it is valid until the next call.
 */
export class FrameFactory {
  readonly #ids = new IdGenerator();
  readonly #id = new Uint8Array(ID_BYTES);
  readonly #fields: Mutable<FrameFields> = {
    subject: '',
    payload: undefined,
    id: this.#id,
    publishedAt: 0,
    timeout: 0,
    kind: Kind.message,
    contentType: ContentType.bytes,
    priority: 0,
    flags: 0,
    trace: undefined,
    correlationId: undefined,
    causationId: undefined,
    schemaId: undefined,
    tracestate: undefined,
    baggage: undefined,
    experiment: undefined,
    variant: undefined,
    assignmentKey: undefined,
    headers: undefined,
  };
  readonly #checked = new Set<string>();
  #lastChecked = '';

  /**
   * `contractId`: the schema id of the contract that the payload was encoded with, if it was. Throws INVALID_ARGUMENT for
   * a bad subject, payload or option.
   */
  make(
    subject: string,
    payload: Payload,
    options: FrameOptions | undefined,
    flags: number,
    contractId?: Uint8Array,
    kind = Kind.message,
  ): FrameFields {
    this.check(subject);
    const fields = this.#fields;
    const nowMicros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
    this.#ids.nextId(this.#id, Math.floor(nowMicros / 1000));
    fields.subject = subject;
    fields.publishedAt = nowMicros;
    fields.kind = kind;
    fields.flags = flags;
    if (payload instanceof Uint8Array) {
      fields.payload = payload;
      fields.contentType = ContentType.bytes;
    } else {
      fields.payload = toJson(payload, subject);
      fields.contentType = ContentType.json;
    }
    if (options === undefined) {
      this.#apply(NO_OPTIONS);
    } else {
      checkOptions(options);
      if (options.contentType !== undefined) fields.contentType = options.contentType;
      this.#apply(options);
    }
    if (contractId !== undefined) {
      fields.contentType = ContentType.flatbuffer;
      fields.schemaId = contractId;
    }
    return fields;
  }

  #apply(options: FrameOptions): void {
    const fields = this.#fields;
    fields.id = options.id ?? this.#id;
    fields.trace = options.trace;
    fields.timeout = options.timeout ?? 0;
    fields.priority = options.priority ?? 0;
    fields.correlationId = options.correlationId;
    fields.causationId = options.causationId;
    fields.schemaId = options.schemaId;
    fields.tracestate = options.tracestate;
    fields.baggage = options.baggage;
    fields.experiment = options.experiment;
    fields.variant = options.variant;
    fields.assignmentKey = options.assignmentKey;
    fields.headers = options.headers;
  }

  /** Throws INVALID_ARGUMENT for a bad subject. */
  check(subject: string): void {
    if (subject === this.#lastChecked) return;
    if (!this.#checked.has(subject)) {
      checkSubject(subject);
      if (this.#checked.size >= MAX_CHECKED_SUBJECTS) this.#checked.clear();
      this.#checked.add(subject);
    }
    this.#lastChecked = subject;
  }
}

function toJson(payload: Exclude<Payload, Uint8Array>, subject: string): Uint8Array {
  const text = JSON.stringify(payload) as string | undefined;
  if (text === undefined) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'not a payload',
      expected: 'a Uint8Array or a value that JSON can write',
      got: typeof payload,
      where: `subject ${subject}`,
    });
  }
  return encodeUtf8(text);
}

function checkOptions(options: FrameOptions): void {
  const { contentType, priority, timeout } = options;
  if (contentType !== undefined && ContentType[contentType] === undefined) {
    throw invalid('contentType', 'one of ContentType', contentType);
  }
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 255)) {
    throw invalid('priority', 'a whole number from 0 to 255', priority);
  }
  if (timeout !== undefined && !(Number.isSafeInteger(timeout) && timeout >= 0)) {
    throw invalid('timeout', 'whole microseconds from 0', timeout);
  }
  checkBytes('id', options.id, ID_BYTES);
  checkBytes('correlationId', options.correlationId, ID_BYTES);
  checkBytes('causationId', options.causationId, ID_BYTES);
  checkBytes('schemaId', options.schemaId, ID_BYTES);
  checkBytes('trace.traceId', options.trace?.traceId, ID_BYTES);
  checkBytes('trace.spanId', options.trace?.spanId, SPAN_ID_BYTES);
}

function checkBytes(name: string, value: Uint8Array | undefined, byteLength: number): void {
  if (value === undefined || (value instanceof Uint8Array && value.length === byteLength)) return;
  throw invalid(
    name,
    `a Uint8Array of ${byteLength} bytes`,
    value instanceof Uint8Array ? `${value.length} bytes` : typeof value,
  );
}

function invalid(name: string, expected: string, got: unknown): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: `${name} is not valid`,
    expected,
    got: String(got),
  });
}
