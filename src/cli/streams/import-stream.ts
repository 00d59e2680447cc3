import type { ImportedRecords } from '../../broker/streams/stream-import.js';
import type { FrameView } from '../../codec/frame-view.js';
import { Memory } from '../../codec/memory.js';
import type { StreamConfig } from '../../codec/stream-description.js';
import { ModwireError, toModwireError } from '../../errors.js';
import type { StreamFileHead } from '../../streams/stream-file-format.js';
import { openStreamFile } from '../../streams/stream-file-reader.js';
import { writeStreamFile } from '../../streams/stream-file-writer.js';
import type { StreamsApi } from '../http/streams-api.js';
import type { Output } from '../output/output.js';
import { sizeText } from '../output/size-text.js';
import { MAX_BLOCK_BYTES } from './export-stream.js';
import { Progress, percentOf } from './progress.js';

export interface ImportedStream extends ImportedRecords {
  readonly stream: string;
  /** Whether it was made for this. */
  readonly created: boolean;
}

/** Sent at once, unless one frame alone has more. Bytes. */
const PIECE_BYTES = 1024 * 1024;

/**
 * Sends the records of a file to a stream, which is made as the file says when it is not there, but for a bound of age. Rejects with the first error, which says up
 * to which offset of the file the stream has them.
 */
export async function importStream(
  api: StreamsApi,
  pieces: AsyncIterable<Uint8Array>,
  stream: string | undefined,
  stderr: Output,
): Promise<ImportedStream> {
  const { head, records } = await openStreamFile(pieces, MAX_BLOCK_BYTES);
  const config = head.stream as Pick<StreamConfig, 'name' | 'retention'>;
  const name = stream ?? config.name;
  const created = (await api.find(name)) === undefined;
  // Old records would go at once with a bound of age.
  if (created) await api.create({ ...config, name, retention: { ...config.retention, maxAgeMs: 0 } });
  const sending = new Sending(api, name, head, new Progress(stderr));
  try {
    for await (const { offset, frame } of records) await sending.add(offset, frame);
    await sending.flush();
  } catch (thrown) {
    throw await sending.failed(toModwireError(thrown));
  } finally {
    sending.progress.end();
  }
  return { stream: name, created, ...sending.counts };
}

class Sending {
  readonly #api: StreamsApi;
  readonly #stream: string;
  readonly #head: StreamFileHead;
  readonly progress: Progress;
  readonly counts = { restored: 0, replayed: 0, duplicates: 0 };
  #offsets: number[] = [];
  #frames: Uint8Array[] = [];
  #bytes = 0;
  /** The stream has all up to here. */
  #sent = 0;
  #sentBytes = 0;
  /** Whether it was the broker that refused. */
  #isRefused = false;

  constructor(api: StreamsApi, stream: string, head: StreamFileHead, progress: Progress) {
    this.#api = api;
    this.#stream = stream;
    this.#head = head;
    this.progress = progress;
  }

  async add(offset: number, { bytes }: FrameView): Promise<void> {
    if (this.#bytes > 0 && this.#bytes + bytes.length > PIECE_BYTES) await this.flush();
    this.#offsets.push(offset);
    this.#frames.push(bytes.slice());
    this.#bytes += bytes.length;
  }

  async flush(): Promise<void> {
    const last = this.#offsets.at(-1);
    if (last === undefined) return;
    const file = this.#file();
    [this.#offsets, this.#frames, this.#bytes] = [[], [], 0];
    this.#isRefused = true;
    const done = await this.#api.imported(this.#stream, file);
    this.#isRefused = false;
    this.counts.restored += done.restored;
    this.counts.replayed += done.replayed;
    this.counts.duplicates += done.duplicates;
    this.#sent = last;
    this.#sentBytes += file.length;
    const { from, to } = this.#head;
    this.progress.show(() => `imported ${sizeText(this.#sentBytes)}, ${percentOf(last, from, to)}`);
  }

  /** The error to tell: what was whole before the file ended is sent all the same. */
  async failed(error: ModwireError): Promise<ModwireError> {
    const isOfFile = !this.#isRefused;
    if (isOfFile) {
      try {
        await this.flush();
      } catch (thrown) {
        return this.failed(toModwireError(thrown));
      }
    }
    const { code, detail } = error;
    const sent = `the stream ${this.#stream} has ${this.#sent > 0 ? `those up to offset ${this.#sent} of the file` : 'none of it'}`;
    // A broker says itself how far it came with the last ones.
    const where = isOfFile || this.#sent > 0 ? [detail.where, sent].filter(Boolean).join(', ') : detail.where;
    return new ModwireError(code, { ...detail, ...(where !== undefined && { where }) });
  }

  /** A file of one block. */
  #file(): Uint8Array {
    const memory = new Memory(new Uint8Array(Buffer.concat(this.#frames)));
    const ends: number[] = [];
    let end = 0;
    for (const { length } of this.#frames) {
      end += length;
      ends.push(end);
    }
    const starts = [0, ...ends.slice(0, -1)];
    const [from, to] = [this.#offsets[0]!, this.#offsets.at(-1)!];
    const block = { memory, offsets: this.#offsets, starts, ends, nextOffset: to + 1 };
    const head = { ...this.#head, from, to, filter: '>' };
    return Buffer.concat([...writeStreamFile({ read: () => block }, head)]);
  }
}
