import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process, told from any later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started: digits that only compare with others of the same space. */
  readonly started: string;
  /** The machine, since it was started, and the container: where its number means anything. Hexadecimal digits. */
  readonly space: string;
}

const isLinux = process.platform === 'linux';

/** This process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const { pid } = process;
  return { pid, started: (await startOf(pid)) ?? '0', space: await ownSpace() };
}

/** Whether a process of this space still runs. One that has ended and waits for its parent does not. */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  return (await startOf(pid)) === started;
}

async function ownSpace(): Promise<string> {
  const parts = isLinux
    ? [await readFile('/proc/sys/kernel/random/boot_id', 'utf8'), await readlink('/proc/self/ns/pid')]
    : [hostname()];
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 16);
}

/** Undefined when there is no such process. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    return isLinux ? fromProc(await readFile(`/proc/${pid}/stat`, 'latin1')) : await fromPs(pid);
  } catch {
    return undefined;
  }
}

/** Ticks since the machine was started. */
function fromProc(stat: string): string | undefined {
  // The second field is the program's name, which may hold anything: the rest is counted from its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** Milliseconds, from a time in whole seconds. */
async function fromPs(pid: number): Promise<string | undefined> {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC0' };
  const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env });
  const [, state = '', time = ''] = /^(\S+)\s+(.+)$/.exec(stdout.trim()) ?? [];
  return state.startsWith('Z') ? undefined : String(Date.parse(`${time} UTC`));
}
