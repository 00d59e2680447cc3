import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Of a file that is being written and takes its name when it is complete. */
export const UNFINISHED = '.tmp';

/** Writes all of `bytes` at a place of a file; a write may take fewer than it is given. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** Makes names in a directory, new and gone, survive the loss of power. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A file appears with all of its bytes or not at all. `named` is told once it has its name, before that is durable. */
export async function writeDurably(path: string, bytes: Uint8Array, named?: () => void): Promise<void> {
  const unfinished = `${path}${UNFINISHED}`;
  try {
    const file = await open(unfinished, 'w');
    try {
      await writeAll(file, bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (thrown) {
    // Where it was written there is no room now, or no permission: what matters is the first error.
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw thrown;
  }
  named?.();
  await syncDirectory(dirname(path));
}

/** Creates a directory, with those above it, to stay. */
export async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  const end = dirname(first);
  for (let path = directory; path !== end; path = dirname(path)) await syncDirectory(join(path, '..'));
}
