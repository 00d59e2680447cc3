import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ModwireError } from '../errors.js';
import type { Terminal } from './terminal.js';

/** Standard input, where a file is asked for. */
export const STDIN = '-';

/**
 * The bytes of a file, or of standard input for `-`. Throws NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT for what
 * is no file, and RESOURCE_EXHAUSTED for more than `maxBytes`.
 */
export async function readInput(path: string, maxBytes: number, terminal: Terminal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  for await (const bytes of inputPieces(path, terminal)) {
    byteLength += bytes.length;
    if (byteLength > maxBytes) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too much to read',
        expected: `at most ${maxBytes} bytes`,
        got: 'more',
        where: path === STDIN ? 'standard input' : path,
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** The same as it is read, however much. Throws as `readInput`. */
export async function* inputPieces(path: string, terminal: Terminal): AsyncGenerator<Uint8Array> {
  if (path === STDIN) {
    for await (const chunk of terminal.stdin) yield chunk as Buffer;
    return;
  }
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(resolve(terminal.cwd, path));
  } catch (cause) {
    throw cannotRead(path, cause as NodeJS.ErrnoException);
  }
  const chunks = file.createReadStream({ autoClose: false })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await chunks.next().catch((cause) => {
        throw cannotRead(path, cause);
      });
      if (done) return;
      yield value as Buffer;
    }
  } finally {
    await chunks.return?.();
    await file.close();
  }
}

function cannotRead(path: string, cause: NodeJS.ErrnoException): ModwireError {
  const detail = { where: path, cause };
  switch (cause.code) {
    case 'ENOENT':
      return new ModwireError('NOT_FOUND', { what: 'no such file', ...detail });
    case 'EACCES':
    case 'EPERM':
      return new ModwireError('PERMISSION_DENIED', { what: 'not allowed to read the file', ...detail });
    default:
      return new ModwireError('INVALID_ARGUMENT', {
        what: 'cannot read the file',
        expected: 'a readable file, or - for standard input',
        got: cause.code ?? cause.message,
        ...detail,
      });
  }
}
