import { randomBytes } from 'node:crypto';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ModwireError } from '../errors.js';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity.js';

/** An owner marks its lock this often. */
const BEAT_MS = 500;
/** An owner that cannot be looked up is gone when it has not marked its lock for this long. */
const SILENCE_MS = 3_000;
const LOOK_MS = 100;

const NAME = /^lock\.(\d+)\.(\d+)\.([0-9a-f]+)\.[0-9a-f]+$/;

/**
 * Keeps a directory for one process. Node.js has no lock that the system takes back when a process dies. So each
 * owner has a file whose name says who it is, and whoever comes looks whether that process still runs: by its number
 * and its start, since numbers are given again. A process in another container or on a machine that was started anew
 * cannot be looked up; there it counts whether it marks its file. Everyone puts up the own file first and looks for
 * others then, so that of two at a time at least one sees the other: never do both stay.
 */
export class DirectoryLock {
  readonly #path: string;
  readonly #beat: ReturnType<typeof setInterval>;

  private constructor(path: string) {
    this.#path = path;
    // An owner that is gone is found out by others before each change, not here.
    this.#beat = setInterval(() => void mark(path).catch(() => undefined), BEAT_MS);
    this.#beat.unref();
  }

  /** Throws FAILED_PRECONDITION when another process, or this one already, has the directory. */
  static async take(directory: string): Promise<DirectoryLock> {
    const own = await ownIdentity();
    const name = `lock.${own.pid}.${own.started}.${own.space}.${randomBytes(8).toString('hex')}`;
    const path = join(directory, name);
    await writeFile(path, '', { flag: 'wx' });
    const lock = new DirectoryLock(path);
    try {
      const others = (await readdir(directory)).filter((other) => other !== name && NAME.test(other));
      await Promise.all(others.map((other) => replace(directory, other, own)));
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
    return lock;
  }

  /** Throws FAILED_PRECONDITION when somebody took this process for dead: it was stopped, or its files were moved. */
  async check(): Promise<void> {
    try {
      await stat(this.#path);
    } catch (cause) {
      throw new ModwireError('FAILED_PRECONDITION', {
        what: 'the lock of the registry is gone',
        where: this.#path,
        advice: 'another process may have taken the directory over: start this one again',
        cause,
      });
    }
  }

  async release(): Promise<void> {
    clearInterval(this.#beat);
    await rm(this.#path, { force: true });
  }
}

/** Removes another's lock when its owner is gone; throws when it is not. */
async function replace(directory: string, name: string, own: ProcessIdentity): Promise<void> {
  const [, pid, started = '', space = ''] = NAME.exec(name)!;
  const owner = { pid: Number(pid), started, space };
  const path = join(directory, name);
  const lives = space === own.space ? await isRunning(owner) : await isMarked(path);
  if (!lives) return rm(path, { force: true });
  throw new ModwireError('FAILED_PRECONDITION', {
    what: 'another process uses the registry',
    got: owner.pid === own.pid && space === own.space ? 'this process itself' : `process ${owner.pid}`,
    where: path,
    advice: 'stop it, or use another directory',
  });
}

/** Whether somebody marks a lock while this watches. No clocks are compared: they may differ. */
async function isMarked(path: string): Promise<boolean> {
  const first = await markOf(path);
  for (let waited = 0; waited < SILENCE_MS; waited += LOOK_MS) {
    await sleep(LOOK_MS);
    const now = await markOf(path);
    if (now === undefined) return false;
    if (now !== first) return true;
  }
  return false;
}

async function markOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}

async function mark(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now);
}
