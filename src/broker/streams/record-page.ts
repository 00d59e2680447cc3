import { frameRecord } from '../../codec/frame-record.js';
import { FrameVerifier } from '../../codec/frame-verifier.js';
import { FrameView } from '../../codec/frame-view.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { matchesFilter } from '../../codec/subject.js';
import { DamagedRecords } from '../../streams/damaged-records.js';
import type { ReadBlock } from '../../streams/log-source.js';
import type { StreamLog } from '../../streams/stream-log.js';
import type { DamagedRange } from './stream-verification.js';

export const MAX_PAGE_RECORDS = 1_000;

export interface PageRequest {
  /** First offset. */
  readonly from: number;
  /** Records, up to `MAX_PAGE_RECORDS`. */
  readonly count: number;
  readonly filter: string;
}

/** The filter of all that a stream has, reserved subjects too. */
const ALL = '>';
/** Of one page. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Looked at for one page: a filter may select few of their records. */
const MAX_BLOCKS = 256;

/**
 * Records of a stream as JSON: `{"records", "damaged", "next", "lastOffset"}`, where `next` is the offset to go on from. There are fewer
 * records than asked for, maybe none, where they are large or seldom; the end is where `next` is behind `lastOffset`.
 */
export function recordPage(
  log: Pick<StreamLog<unknown>, 'read' | 'lastOffset'>,
  { from, count, filter }: PageRequest,
): string {
  const page = new Page(count, filter);
  const damaged: DamagedRange[] = [];
  let next = from;
  for (let blocks = 0; blocks < MAX_BLOCKS && !page.isFull; blocks++) {
    try {
      const block = log.read(next);
      if (block === undefined) break;
      next = page.add(block);
    } catch (thrown) {
      if (!(thrown instanceof DamagedRecords)) throw thrown;
      const { first, last, fault } = thrown.extent;
      damaged.push({ first, last, fault });
      next = thrown.nextOffset;
    }
  }
  const tail = JSON.stringify({ damaged, next, lastOffset: log.lastOffset });
  return `{"records":[${page.records.join(',')}],${tail.slice(1)}\n`;
}

class Page {
  readonly #verifier = new FrameVerifier();
  readonly #frame = new FrameView();
  readonly #count: number;
  readonly #filter: string;
  #bytes = 0;
  /** Each as JSON. */
  readonly records: string[] = [];

  constructor(count: number, filter: string) {
    this.#count = count;
    this.#filter = filter;
  }

  get isFull(): boolean {
    return this.records.length >= this.#count || this.#bytes >= MAX_BYTES;
  }

  /** Takes what there is room for, and returns the offset to go on from. */
  add({ memory, offsets, starts, ends, nextOffset }: ReadBlock): number {
    const frame = this.#frame;
    for (const [index, offset] of offsets.entries()) {
      if (this.isFull) return offset;
      if (!this.#verifier.verify(memory, starts[index]!, ends[index]!, frame)) continue;
      if (this.#filter !== ALL && !matchesFilter(this.#filter, frame.subject)) continue;
      this.records.push(recordJson(offset, frame));
      this.#bytes += frame.byteLength;
    }
    return nextOffset;
  }
}

/** Its payload last: JSON as it was sent, anything else as base64. */
function recordJson(offset: number, frame: FrameView): string {
  const record = JSON.stringify({ offset, ...frameRecord(frame) });
  return `${record.slice(0, -1)},"payload":${payloadJson(frame)}}`;
}

function payloadJson(frame: FrameView): string {
  if (frame.contentType === ContentType.json) {
    try {
      const text = frame.text();
      JSON.parse(text);
      return text;
    } catch {
      // Nobody has to mean what they say; the bytes are shown as they are.
    }
  }
  return `{"base64":"${Buffer.from(frame.payload).toString('base64')}"}`;
}
