import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ModwireError } from '../../errors.js';
import { openStreamFile } from '../../streams/stream-file-reader.js';
import { count } from '../contracts/count.js';
import type { ExportRange, StreamsApi } from '../http/streams-api.js';
import { sizeText } from '../output/size-text.js';
import type { Terminal } from '../terminal.js';
import { Progress, percentOf } from './progress.js';

/** Of a file that a broker writes: larger than any frame. Bytes. */
export const MAX_BLOCK_BYTES = 2 ** 31 - 1;

export interface ExportedStream {
  readonly records: number;
  /** Of the file. */
  readonly bytes: number;
}

/**
 * Writes records of a stream to a file, or to standard output without `path`, and looks at each on the way. Rejects with DATA_LOSS where
 * a record is damaged: what is before it is written, without the end of a file.
 */
export async function exportStream(
  api: StreamsApi,
  name: string,
  range: ExportRange,
  path: string | undefined,
  { stdout, stderr, cwd }: Terminal,
): Promise<ExportedStream> {
  const pieces = await api.exported(name, range);
  const file = path === undefined ? undefined : await openForWriting(resolve(cwd, path));
  const progress = new Progress(stderr);
  const done = { records: 0, bytes: 0 };
  const passing = written();
  let last = 0;
  try {
    const { head, records } = await openStreamFile(passing, MAX_BLOCK_BYTES);
    last = head.from - 1;
    for await (const { offset } of records) {
      done.records++;
      last = offset;
      const part = () => percentOf(offset, head.from, head.to);
      progress.show(() => `exported ${count(done.records, 'record')}, ${sizeText(done.bytes)}, ${part()}`);
    }
    return done;
  } catch (thrown) {
    // Whoever read it has what they wanted.
    if (stdout.closed.aborted) return done;
    throw (thrown as ModwireError).code === 'DATA_LOSS' ? await whyCut(api, name, last, thrown) : thrown;
  } finally {
    progress.end();
    // Ends the answer, wherever reading has stopped.
    await passing.return(undefined);
    await file?.close();
  }

  async function* written(): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      if (stdout.closed.aborted) return;
      if (file === undefined) await stdout.bytes(piece);
      else await file.write(piece).catch((cause) => Promise.reject(cannotWrite(path!, cause)));
      done.bytes += piece.length;
      yield piece;
    }
  }
}

async function openForWriting(path: string): Promise<FileHandle> {
  return open(path, 'w').catch((cause) => Promise.reject(cannotWrite(path, cause)));
}

/** A broker ends a file early where a record is damaged: it says which. */
async function whyCut(api: StreamsApi, name: string, last: number, thrown: unknown): Promise<unknown> {
  for (let next: number | null = last + 1; next !== null; ) {
    const found = await api.verify(name, next);
    const [damage] = found.damaged;
    if (damage !== undefined) {
      const { first, last: end, fault } = damage;
      return new ModwireError('DATA_LOSS', {
        what: `records of the stream are damaged: ${fault}`,
        where: `stream ${name}, offsets ${first} to ${end}`,
        advice: `those before are exported; go on behind them with --from ${end + 1}, into another file`,
      });
    }
    next = found.next;
  }
  return thrown;
}

function cannotWrite(path: string, cause: NodeJS.ErrnoException): ModwireError {
  const code = cause.code === 'ENOSPC' ? 'RESOURCE_EXHAUSTED' : 'PERMISSION_DENIED';
  const got = cause.code ?? cause.message;
  return new ModwireError(code, { what: 'cannot write the file', got, where: path, cause });
}
