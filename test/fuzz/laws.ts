import { type FieldName, FrameVerifier, FrameView, type Memory } from 'modwire/codec';

/** What must hold for any bytes whatever was found not to hold for some. */
export class LawBroken extends Error {
  constructor(law: string, found: string) {
    super(`${law}: ${found}`);
    this.name = 'LawBroken';
  }
}

const STAMP_BYTES = 24;
/** Far from each other and from what frames hold, each with another byte in every place. */
const STAMP = [0x00_1122_3344_5566, 0x00_9988_7766_5544, 0x00_aabb_ccdd_eeff] as const;

const FIELDS: readonly FieldName[] = [
  'payload',
  'trace',
  'correlationId',
  'causationId',
  'schemaId',
  'tracestate',
  'baggage',
  'experiment',
  'variant',
  'assignmentKey',
  'headers',
];

/**
 * The laws of reading, for any bytes between `start` and `limit`:
 *
 * - the verifier answers, without an exception, and a rejection says where;
 * - in an accepted frame every getter answers, and every view that it gives lies inside the frame;
 * - stamping an accepted frame changes its sequence, epoch and broker time, nothing else, and it still verifies;
 * - no answer depends on a byte outside the frame.
 *
 * Made for millions of frames: an instance reuses what it can, and leaves the bytes as it found them.
 */
export class FrameLaws {
  readonly #verifier: FrameVerifier;
  readonly #view = new FrameView();
  #first: unknown[] = [];
  #second: unknown[] = [];
  readonly #stampBytes = new Uint8Array(STAMP_BYTES);

  constructor(verifier = new FrameVerifier(0x5eed)) {
    this.#verifier = verifier;
  }

  /** Whether the bytes are accepted. Throws LawBroken, or whatever the codec threw. */
  check(memory: Memory, start: number, limit: number): boolean {
    const view = this.#view;
    if (!this.#verifier.verify(memory, start, limit, view)) {
      checkViolation(view, limit - start);
      return false;
    }
    const stampAt = stampPlace(memory, start);
    checkRanges(view, limit, stampAt);
    observe(view, this.#first);
    const { u8 } = memory;
    const kept = this.#stampBytes;
    for (let index = 0; index < STAMP_BYTES; index++) kept[index] = u8[stampAt + index]!;
    view.stamp(...STAMP);
    if (view.sequence !== STAMP[0] || view.epoch !== STAMP[1] || view.brokerTime !== STAMP[2]) {
      throw new LawBroken(
        'a stamp reads as it was written',
        `${view.sequence} ${view.epoch} ${view.brokerTime}`,
      );
    }
    if (!this.#verifier.verify(memory, start, limit, view)) {
      throw new LawBroken('a stamped frame still verifies', view.violation!.text);
    }
    observe(view, this.#second);
    compare(this.#first, this.#second, 'a stamp changes nothing but itself');
    for (let index = 0; index < STAMP_BYTES; index++) u8[stampAt + index] = kept[index]!;
    return true;
  }

  /** Holds the same bytes in two memories with different neighbours against each other. */
  checkNeighbours(one: Memory, other: Memory, start: number, limit: number): void {
    const view = this.#view;
    const accepted = this.#verifier.verify(one, start, limit, view);
    if (accepted) observe(view, this.#first);
    else this.#first = [view.violation!.text];
    if (this.#verifier.verify(other, start, limit, view) !== accepted) {
      throw new LawBroken('a verdict does not depend on the neighbours', view.violation?.text ?? 'accepted');
    }
    if (accepted) observe(view, this.#second);
    else this.#second = [view.violation!.text];
    compare(this.#first, this.#second, 'no answer depends on the neighbours');
  }
}

function checkViolation(view: FrameView, available: number): void {
  const { violation } = view;
  if (violation === undefined) throw new LawBroken('a rejection says why', 'nothing');
  // A missing field is reported where its entry would be, at most 8 bytes behind a vtable at the end.
  if (!(violation.offset >= 0 && violation.offset <= available + 8)) {
    throw new LawBroken('a violation lies in the frame', violation.text);
  }
}

/** Where the stamp lies, found without the codec. */
function stampPlace(memory: Memory, start: number): number {
  const { data } = memory;
  const table = start + 4 + data.getUint32(start + 4, true);
  const vtable = table - data.getInt32(table, true);
  return table + data.getUint16(vtable + 6, true);
}

function checkRanges(view: FrameView, limit: number, stampAt: number): void {
  const { start, end, payloadStart, payloadEnd } = view;
  if (!(start < end && end <= limit && (end - start) % 8 === 0 && view.byteLength === end - start)) {
    throw new LawBroken('a frame ends in its bytes', `${start} to ${end} of ${limit}`);
  }
  if (!(stampAt >= start + 12 && stampAt + STAMP_BYTES <= end)) {
    throw new LawBroken('the stamp lies in the frame', `${stampAt} in ${start} to ${end}`);
  }
  if (payloadStart > payloadEnd) {
    throw new LawBroken('a payload does not end before it begins', `${payloadStart} to ${payloadEnd}`);
  }
  checkRange(view.payload, view, stampAt, 'payload');
  checkRange(view.id, view, stampAt, 'id');
  checkRange(view.traceId, view, stampAt, 'traceId');
  checkRange(view.spanId, view, stampAt, 'spanId');
  checkRange(view.correlationId, view, stampAt, 'correlationId');
  checkRange(view.causationId, view, stampAt, 'causationId');
  checkRange(view.schemaId, view, stampAt, 'schemaId');
}

function checkRange(bytes: Uint8Array | undefined, view: FrameView, stampAt: number, name: string): void {
  if (bytes === undefined || bytes.length === 0) return;
  const from = bytes.byteOffset - view.memory.u8.byteOffset;
  const to = from + bytes.length;
  if (from < view.start || to > view.end) {
    throw new LawBroken(
      'a view lies in its frame',
      `${name} ${from} to ${to} in ${view.start} to ${view.end}`,
    );
  }
  if (from < stampAt + STAMP_BYTES && to > stampAt) {
    throw new LawBroken('nothing shares bytes with the stamp', `${name} ${from} to ${to}, stamp ${stampAt}`);
  }
}

/** Everything that can be read but the stamp. Of bytes only their place is noted, since no two places are equal. */
function observe(view: FrameView, into: unknown[]): void {
  let next = 0;
  into[next++] = view.subject;
  into[next++] = view.payloadStart - view.start;
  into[next++] = view.payloadEnd - view.start;
  into[next++] = view.byteLength;
  into[next++] = placeOf(view.id, view);
  into[next++] = view.publishedAt;
  into[next++] = view.timeout;
  into[next++] = view.kind;
  into[next++] = view.contentType;
  into[next++] = view.priority;
  into[next++] = view.flags;
  into[next++] = placeOf(view.traceId, view);
  into[next++] = placeOf(view.spanId, view);
  into[next++] = view.traceFlags;
  into[next++] = placeOf(view.correlationId, view);
  into[next++] = placeOf(view.causationId, view);
  into[next++] = placeOf(view.schemaId, view);
  into[next++] = view.tracestate;
  into[next++] = view.baggage;
  into[next++] = view.experiment;
  into[next++] = view.variant;
  into[next++] = view.assignmentKey;
  let present = 0;
  for (let index = 0; index < FIELDS.length; index++) if (view.has(FIELDS[index]!)) present |= 1 << index;
  into[next++] = present;
  for (const [name, value] of view.headers) {
    into[next++] = name;
    into[next++] = value;
  }
  into.length = next;
}

function placeOf(bytes: Uint8Array | undefined, view: FrameView): number {
  return bytes === undefined ? -1 : bytes.byteOffset - view.memory.u8.byteOffset - view.start;
}

function compare(one: readonly unknown[], other: readonly unknown[], law: string): void {
  if (one.length !== other.length) throw new LawBroken(law, `${one.length} values against ${other.length}`);
  for (let index = 0; index < one.length; index++) {
    if (one[index] !== other[index]) {
      throw new LawBroken(law, `value ${index}: ${String(one[index])} against ${String(other[index])}`);
    }
  }
}
