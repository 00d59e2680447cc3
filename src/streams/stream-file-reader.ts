import { FrameView } from '../codec/frame-view.js';
import { ModwireError } from '../errors.js';
import { BlockReader } from './block-reader.js';
import {
  check,
  damagedFile,
  decodeEnd,
  decodeHead,
  FILE_END_BYTES,
  FILE_HEAD_BYTES,
  jsonBytesOf,
  LENGTH_BYTES,
  type StreamFileEnd,
  type StreamFileHead,
} from './stream-file-format.js';

/** A file of frames that is being read. */
export interface StreamFile {
  readonly head: StreamFileHead;
  /** The records of each block, every one whole and a frame. The view is valid until the next is asked for. */
  readonly records: AsyncGenerator<{ readonly offset: number; readonly frame: FrameView }, StreamFileEnd>;
}

/**
 * Reads a file of frames as its bytes come in. Whatever is not as it was written, and a file that was cut off, is DATA_LOSS, from
 * here or from `records`; a block of more than `maxBlockBytes` is RESOURCE_EXHAUSTED.
 */
export async function openStreamFile(
  chunks: AsyncIterable<Uint8Array>,
  maxBlockBytes: number,
): Promise<StreamFile> {
  const bytes = new PiecedBytes(chunks);
  const fixed = await bytes.take(FILE_HEAD_BYTES);
  const rest = await bytes.take(jsonBytesOf(fixed));
  const head = decodeHead(new Uint8Array([...fixed, ...rest]));
  return { head, records: recordsOf(bytes, maxBlockBytes) };
}

async function* recordsOf(bytes: PiecedBytes, maxBlockBytes: number): StreamFile['records'] {
  const reader = new BlockReader();
  const frame = new FrameView();
  let records = 0;
  let blocks = 0;
  let lastOffset = 0;
  for (;;) {
    const [at, before] = [bytes.at, bytes.check];
    const length = lengthOf(await bytes.take(LENGTH_BYTES), before, at);
    if (length === 0) break;
    if (length > maxBlockBytes) throw tooLarge(length, maxBlockBytes, at);
    const fault = reader.reset(await bytes.take(length));
    if (fault !== undefined) throw damagedFile(fault, at);
    if (reader.firstOffset <= lastOffset) throw damagedFile('its offsets do not rise', at);
    for (let index = 0; index < reader.count; index++) {
      if (!reader.view(index, frame)) throw damagedFile('a record does not fit its check', at);
      yield { offset: reader.offset(index), frame };
    }
    records += reader.count;
    blocks++;
    lastOffset = reader.lastOffset;
  }
  const [at, before] = [bytes.at, bytes.check];
  const end = decodeEnd(await bytes.take(FILE_END_BYTES), before, at);
  if (end.records !== records || end.blocks !== blocks) throw damagedFile('its end counts others', at);
  if (!(await bytes.isAtEnd())) throw damagedFile('something is behind its end', bytes.at);
  return end;
}

function lengthOf(bytes: Uint8Array, before: number, at: number): number {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.getUint32(4, true) !== check(bytes, 0, 4, before)) {
    throw damagedFile('a length does not fit its check', at);
  }
  return data.getUint32(0, true);
}

function tooLarge(length: number, maxBlockBytes: number, at: number): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'a block of the file is too large',
    expected: `at most ${maxBlockBytes} bytes`,
    got: String(length),
    where: `byte ${at}`,
    advice: 'raise maxFrameBytes',
  });
}

/** Bytes that come in pieces of any size. */
class PiecedBytes {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** What has come and was not taken. */
  #pieces: Uint8Array[] = [];
  #length = 0;
  /** How many were taken. */
  at = 0;
  /** CRC-32C of what was taken. */
  check = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `count` bytes, side by side. Throws DATA_LOSS when there are fewer. */
  async take(count: number): Promise<Uint8Array> {
    while (this.#length < count && (await this.#pull()));
    if (this.#length < count) throw damagedFile('it ends too early', this.at + this.#length);
    // One copy, however many pieces.
    const taken = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      const [piece] = this.#pieces as [Uint8Array];
      const part = piece.subarray(0, count - filled);
      taken.set(part, filled);
      filled += part.length;
      if (part.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.length);
    }
    this.#length -= count;
    this.at += count;
    this.check = check(taken, 0, count, this.check);
    return taken;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#length === 0 && (await this.#pull()));
    return this.#length === 0;
  }

  async #pull(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done) return false;
    if (value.length > 0) this.#pieces.push(value);
    this.#length += value.length;
    return true;
  }
}
