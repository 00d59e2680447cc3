import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError } from '../../disk/disk-error.js';
import { ModwireError } from '../../errors.js';
import { DirectoryLock } from '../../registry/directory-lock.js';
import { readStreamConfig } from '../../streams/read-stream-config.js';
import { checkStoredStream } from '../../streams/stored-stream-check.js';
import { StreamDirectory } from '../../streams/stream-directory.js';
import { count } from '../contracts/count.js';
import { sizeText } from '../output/size-text.js';
import type { Progress } from './progress.js';
import type { VerifiedStream } from './verified-stream.js';

/**
 * Looks at the streams of a data directory, all or one of them, without changing any. Rejects with FAILED_PRECONDITION while a broker has the
 * directory, NOT_FOUND, or as the system refuses.
 */
export async function verifyStored(
  dataDir: string,
  name: string | undefined,
  progress: Progress,
): Promise<VerifiedStream[]> {
  await stat(join(dataDir, 'streams')).catch((cause) => {
    throw new ModwireError('NOT_FOUND', { what: 'no streams in this directory', where: dataDir, cause });
  });
  const lock = await take(dataDir);
  try {
    const listed = await (await StreamDirectory.open(dataDir)).list();
    const chosen = listed.filter((stream) => name === undefined || stream.name === name);
    if (chosen.length === 0 && name !== undefined) {
      throw new ModwireError('NOT_FOUND', { what: 'no such stream', got: name, where: dataDir });
    }
    const verified: VerifiedStream[] = [];
    for (const { name: stream, directory, config, damage } of chosen) {
      if (damage !== undefined) {
        verified.push({ stream, fault: damage.message, records: 0, bytes: 0, damaged: [] });
        // One in memory has nothing here.
      } else if (readStreamConfig(config).storage !== 'memory') {
        const { path, fault, ...found } = await checkStoredStream(directory, ({ records, bytes }) =>
          progress.show(() => `${stream}: ${count(records, 'record')}, ${sizeText(bytes)}`),
        );
        verified.push({ stream, fault: fault === undefined ? null : `${path}: ${fault}`, ...found });
      }
    }
    return verified;
  } finally {
    await lock.release();
  }
}

async function take(dataDir: string): Promise<DirectoryLock> {
  try {
    return await DirectoryLock.take(dataDir);
  } catch (thrown) {
    if (!(thrown instanceof ModwireError))
      throw diskError(thrown, 'the data directory cannot be locked', dataDir);
    const advice = 'stop the broker, or have it verify its streams itself: without --data-dir';
    throw new ModwireError(thrown.code, {
      ...thrown.detail,
      what: 'a broker has this data directory',
      advice,
    });
  }
}
