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
  if (path === STDIN) return collect(terminal.stdin, maxBytes, 'standard input');
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(resolve(terminal.cwd, path));
  } catch (cause) {
    throw cannotRead(path, cause as NodeJS.ErrnoException);
  }
  try {
    return await collect(file.createReadStream({ autoClose: false }), maxBytes, path);
  } catch (cause) {
    throw cause instanceof ModwireError ? cause : cannotRead(path, cause as NodeJS.ErrnoException);
  } finally {
    await file.close();
  }
}

async function collect(stream: NodeJS.ReadableStream, maxBytes: number, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    byteLength += bytes.length;
    if (byteLength > maxBytes) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too much to read',
        expected: `at most ${maxBytes} bytes`,
        got: 'more',
        where: name,
      });
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
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
