import { FrameVerifier } from '../codec/frame-verifier.js';
import { FrameView } from '../codec/frame-view.js';
import { Memory } from '../codec/memory.js';
import { matchesFilter } from '../codec/subject.js';
import { HEADER_BYTES, recordCheck, tableBytes, writeHead } from './block-format.js';
import type { ReadBlock } from './log-source.js';
import { check, encodeEnd, encodeHead, encodeLength, type StreamFileHead } from './stream-file-format.js';

const NOTHING = new Uint8Array(0);

/** Where the records of a file come from: a log. Throws DATA_LOSS for what it cannot read. */
export interface RecordSource {
  read(from: number): ReadBlock | undefined;
}

/**
 * The bytes of a file with the records of a stream that `head` asks for, in pieces. Each is made when it is asked for; between
 * two the stream may go on, and of blocks with nothing for it there is an empty one. Throws DATA_LOSS at a damaged record, behind which a new file can begin.
 */
export function* writeStreamFile(source: RecordSource, head: StreamFileHead): Generator<Uint8Array> {
  const first = encodeHead(head);
  yield first;
  let running = check(first, 0, first.length);
  let records = 0;
  let blocks = 0;
  for (const block of blocksOf(source, head)) {
    if (block === undefined) {
      yield NOTHING;
      continue;
    }
    const { bytes, count } = block;
    const length = encodeLength(bytes.length, running);
    running = check(bytes, 0, bytes.length, check(length, 0, length.length, running));
    records += count;
    blocks++;
    yield length;
    yield bytes;
  }
  const last = encodeLength(0, running);
  yield last;
  yield encodeEnd({ records, blocks }, check(last, 0, last.length, running));
}

function* blocksOf(
  source: RecordSource,
  { from, to, filter }: StreamFileHead,
): Generator<{ bytes: Uint8Array; count: number } | undefined> {
  const verifier = new FrameVerifier();
  const frame = new FrameView();
  for (let next = from; next <= to; ) {
    const block = source.read(next);
    if (block === undefined) return;
    const chosen = [...block.offsets.keys()].filter(
      (index) =>
        block.offsets[index]! <= to &&
        verifier.verify(block.memory, block.starts[index]!, block.ends[index]!, frame) &&
        (filter === '>' || matchesFilter(filter, frame.subject)),
    );
    yield chosen.length > 0 ? { bytes: encodeBlock(block, chosen), count: chosen.length } : undefined;
    next = block.nextOffset;
  }
}

/** A block of some of the records that were read. */
function encodeBlock({ memory, offsets, starts, ends }: ReadBlock, indices: readonly number[]): Uint8Array {
  const framesAt = HEADER_BYTES + tableBytes(indices.length);
  const frameBytes = indices.reduce((sum, index) => sum + ends[index]! - starts[index]!, 0);
  const block = Memory.allocate(framesAt + frameBytes);
  const chosen = { offsets: [] as number[], ends: [] as number[], checks: [] as number[] };
  let at = framesAt;
  for (const index of indices) {
    const end = at + ends[index]! - starts[index]!;
    block.u8.set(memory.u8.subarray(starts[index], ends[index]), at);
    chosen.offsets.push(offsets[index]!);
    chosen.ends.push(end);
    chosen.checks.push(recordCheck(block, offsets[index]!, at, end));
    at = end;
  }
  writeHead(block, framesAt, { ...chosen, first: 0, last: indices.length });
  return block.u8;
}
