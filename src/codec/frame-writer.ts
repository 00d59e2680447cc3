import type { FrameFields } from './frame-fields.js';
import { alignUp, Field, FRAME_ALIGNMENT, Origin, Trace } from './frame-layout.js';
import {
  buildTemplate,
  type FrameTemplate,
  NAME_MASK,
  TEXT_MASK,
  type TemplateNames,
} from './frame-template.js';
import { textBytes, writeTexts } from './frame-texts.js';
import { HIGH, Memory } from './memory.js';

/** Templates kept by default; see FrameWriter. */
const DEFAULT_TEMPLATES = 1024;

const BASE_MASK = (1 << Field.origin) | (1 << Field.stamp) | (1 << Field.subject);
const PAYLOAD_BIT = 1 << Field.payload;
const TRACE_BIT = 1 << Field.trace;
const CORRELATION_BIT = 1 << Field.correlationId;
const CAUSATION_BIT = 1 << Field.causationId;
const SCHEMA_BIT = 1 << Field.schemaId;
const EMPTY = new Uint8Array(0);

/** Longer names of experiment and variant together are in no template: all templates are kept. Characters. */
const MAX_NAMES = 256;
const NO_NAMES: TemplateNames = {};

/** A template, and what it is for; without names that are long. */
interface KnownTemplate {
  readonly subject: string;
  readonly mask: number;
  readonly experiment: string | undefined;
  readonly variant: string | undefined;
  readonly template: FrameTemplate;
}

const NO_TEMPLATE: KnownTemplate = {
  ...{ subject: '', mask: -1, experiment: undefined, variant: undefined },
  template: { bytes: EMPTY, at: [], payloadAt: 0 },
};

/**
 * Writes frames into memory that the caller owns. The hot path copies a template (see FrameTemplate) and patches it:
 * it allocates nothing and needs no BigInt. Templates are cached per subject and set of fields, at most
 * `maxTemplates` of them; when there are more, the cache starts anew.
 */
export class FrameWriter {
  readonly #maxTemplates: number;
  #templates = new Map<number, Map<string, KnownTemplate>>();
  #templateCount = 0;
  /** The last template used, and the one before: most producers repeat themselves, or have two in turn. */
  #last = NO_TEMPLATE;
  #before = NO_TEMPLATE;

  constructor(maxTemplates = DEFAULT_TEMPLATES) {
    this.#maxTemplates = maxTemplates;
  }

  /** Templates kept at this moment. */
  get templateCount(): number {
    return this.#templateCount;
  }

  /**
   * Writes a frame with its size prefix at `start`, a multiple of 8.
   * Returns its size in bytes, a multiple of 8, or 0 when it does not fit before the end of `memory`; nothing beyond
   * that end is written then, and `size` says how much room it needs.
   */
  write(memory: Memory, start: number, fields: FrameFields): number {
    const payload = fields.payload ?? EMPTY;
    const mask = maskOf(fields, payload);
    const template = this.#templateFor(fields, mask);
    const { data, u8 } = memory;
    const { at, bytes } = template;
    const payloadLength = payload.length;

    if ((mask & TEXT_MASK) !== 0 || ((mask & NAME_MASK) !== 0 && hasLongNames(fields)))
      return this.#writeWithTexts(memory, start, fields, payload, template);
    const used = bytes.length + payloadLength;
    const byteLength = (used + FRAME_ALIGNMENT - 1) & -FRAME_ALIGNMENT;
    if (start + byteLength > memory.length) return 0;

    u8.set(bytes, start);
    if (payloadLength !== 0) {
      const payloadAt = start + template.payloadAt;
      data.setUint32(payloadAt - 4, payloadLength, true);
      u8.set(payload, payloadAt);
    }
    for (let pad = start + used; pad < start + byteLength; pad++) u8[pad] = 0;
    data.setUint32(start, byteLength - 4, true);
    patch(memory, start, at, mask, fields);
    return byteLength;
  }

  /** Bytes that `write` would take for these fields. */
  size(fields: FrameFields): number {
    const payload = fields.payload ?? EMPTY;
    const template = this.#templateFor(fields, maskOf(fields, payload));
    const texts = textBytes(fields, hasLongNames(fields));
    return alignUp(template.bytes.length + payload.length + texts, FRAME_ALIGNMENT);
  }

  /** One frame in memory of its own. For people in no hurry. */
  encode(fields: FrameFields): Uint8Array {
    const memory = Memory.allocate(this.size(fields));
    return memory.u8.subarray(0, this.write(memory, 0, fields));
  }

  #writeWithTexts(
    memory: Memory,
    start: number,
    fields: FrameFields,
    payload: Uint8Array,
    template: FrameTemplate,
  ): number {
    const { data, u8 } = memory;
    const withNames = hasLongNames(fields);
    const texts = textBytes(fields, withNames);
    const byteLength = alignUp(template.bytes.length + payload.length + texts, FRAME_ALIGNMENT);
    if (start + byteLength > memory.length) return 0;
    u8.fill(0, start, start + byteLength);
    u8.set(template.bytes, start);
    if (payload.length !== 0) {
      data.setUint32(start + template.payloadAt - 4, payload.length, true);
      u8.set(payload, start + template.payloadAt);
    }
    data.setUint32(start, byteLength - 4, true);
    patch(memory, start, template.at, maskOf(fields, payload), fields);
    const textsAt = start + alignUp(template.bytes.length + payload.length, 4);
    writeTexts(memory, start, template.at, textsAt, fields, withNames);
    return byteLength;
  }

  #templateFor(fields: FrameFields, mask: number): FrameTemplate {
    if (isFor(this.#last, fields, mask)) return this.#last.template;
    const last = this.#last;
    this.#last = isFor(this.#before, fields, mask) ? this.#before : this.#find(fields, mask);
    this.#before = last;
    return this.#last.template;
  }

  #find(fields: FrameFields, mask: number): KnownTemplate {
    const { subject } = fields;
    const names = (mask & NAME_MASK) === 0 || hasLongNames(fields) ? NO_NAMES : fields;
    const key = (mask & NAME_MASK) === 0 ? subject : keyOf(subject, names);
    let ofMask = this.#templates.get(mask);
    let known = ofMask?.get(key);
    if (known === undefined) {
      if (this.#templateCount >= this.#maxTemplates) {
        this.#templates = new Map();
        this.#templateCount = 0;
        ofMask = undefined;
      }
      if (ofMask === undefined) {
        ofMask = new Map();
        this.#templates.set(mask, ofMask);
      }
      const { experiment, variant } = names;
      known = { subject, mask, experiment, variant, template: buildTemplate(subject, mask, names) };
      ofMask.set(key, known);
      this.#templateCount++;
    }
    return known;
  }
}

/** Never of a template for long names, which are in none. */
function isFor(known: KnownTemplate, { subject, experiment, variant }: FrameFields, mask: number): boolean {
  return (
    mask === known.mask &&
    subject === known.subject &&
    experiment === known.experiment &&
    variant === known.variant
  );
}

function hasLongNames({ experiment, variant }: TemplateNames): boolean {
  return (experiment?.length ?? 0) + (variant?.length ?? 0) > MAX_NAMES;
}

/** Another text for every other template of the same fields, which have an experiment or a variant. */
function keyOf(subject: string, names: TemplateNames): string {
  if (names === NO_NAMES) return `long ${subject}`;
  const { experiment = '', variant = '' } = names;
  return `${subject.length} ${experiment.length} ${subject}${experiment}${variant}`;
}

function maskOf(fields: FrameFields, payload: Uint8Array): number {
  let mask = BASE_MASK;
  if (payload.length !== 0) mask |= PAYLOAD_BIT;
  if (fields.trace !== undefined) mask |= TRACE_BIT;
  if (fields.correlationId !== undefined) mask |= CORRELATION_BIT;
  if (fields.causationId !== undefined) mask |= CAUSATION_BIT;
  if (fields.schemaId !== undefined) mask |= SCHEMA_BIT;
  if (fields.tracestate !== undefined) mask |= 1 << Field.tracestate;
  if (fields.baggage !== undefined) mask |= 1 << Field.baggage;
  if (fields.experiment !== undefined) mask |= 1 << Field.experiment;
  if (fields.variant !== undefined) mask |= 1 << Field.variant;
  if (fields.assignmentKey !== undefined) mask |= 1 << Field.assignmentKey;
  if (fields.headers !== undefined && fields.headers.length > 0) mask |= 1 << Field.headers;
  return mask;
}

function patch(
  memory: Memory,
  start: number,
  at: readonly number[],
  mask: number,
  fields: FrameFields,
): void {
  const { data, u8 } = memory;
  const origin = start + at[Field.origin]!;
  copy16(u8, origin + Origin.id, fields.id);
  const publishedHigh = Math.floor(fields.publishedAt / HIGH);
  data.setUint32(origin + Origin.publishedAt, fields.publishedAt - publishedHigh * HIGH, true);
  data.setUint32(origin + Origin.publishedAt + 4, publishedHigh, true);
  const timeout = fields.timeout ?? 0;
  if (timeout !== 0) {
    const timeoutHigh = Math.floor(timeout / HIGH);
    data.setUint32(origin + Origin.timeout, timeout - timeoutHigh * HIGH, true);
    data.setUint32(origin + Origin.timeout + 4, timeoutHigh, true);
  }
  data.setUint32(
    origin + Origin.kind,
    ((fields.kind ?? 0) & 0xff) |
      (((fields.contentType ?? 0) & 0xff) << 8) |
      (((fields.priority ?? 0) & 0xff) << 16) |
      ((fields.flags ?? 0) << 24),
    true,
  );
  if (mask >> Field.trace === 0) return;
  const { trace } = fields;
  if (trace !== undefined) {
    const traceAt = start + at[Field.trace]!;
    copy16(u8, traceAt + Trace.traceId, trace.traceId);
    copy8(u8, traceAt + Trace.spanId, trace.spanId);
    u8[traceAt + Trace.flags] = trace.flags;
  }
  if (fields.correlationId !== undefined) {
    copy16(u8, start + at[Field.correlationId]!, fields.correlationId);
  }
  if (fields.causationId !== undefined) {
    copy16(u8, start + at[Field.causationId]!, fields.causationId);
  }
  if (fields.schemaId !== undefined) {
    copy16(u8, start + at[Field.schemaId]!, fields.schemaId);
  }
}

/** Unrolled: half the time of a loop or of TypedArray.set at this length. */
function copy16(target: Uint8Array, at: number, source: Uint8Array): void {
  copy8(target, at, source);
  target[at + 8] = source[8]!;
  target[at + 9] = source[9]!;
  target[at + 10] = source[10]!;
  target[at + 11] = source[11]!;
  target[at + 12] = source[12]!;
  target[at + 13] = source[13]!;
  target[at + 14] = source[14]!;
  target[at + 15] = source[15]!;
}

function copy8(target: Uint8Array, at: number, source: Uint8Array): void {
  target[at] = source[0]!;
  target[at + 1] = source[1]!;
  target[at + 2] = source[2]!;
  target[at + 3] = source[3]!;
  target[at + 4] = source[4]!;
  target[at + 5] = source[5]!;
  target[at + 6] = source[6]!;
  target[at + 7] = source[7]!;
}
