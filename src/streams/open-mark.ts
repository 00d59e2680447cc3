import { readFile, rm } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { syncDirectory, writeDurably } from '../disk/durable-files.js';

/** There while a stream is open; it says since when the machine runs. */
const MARK = 'open';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** What a clock that is set right may move the start of the machine by. */
const TOLERANCE_S = 5;

/** How a stream was left by whoever had it open before. */
export interface PreviousEnd {
  /** Closed, with all that was written on disk. */
  readonly isClean: boolean;
  /** Not closed, and the machine runs since then: what the system was given is there. */
  readonly isSameBoot: boolean;
}

/** Rejects with what the system says. */
export async function readPreviousEnd(directory: string): Promise<PreviousEnd> {
  let boot: string;
  try {
    boot = await readFile(join(directory, MARK), 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    return { isClean: true, isSameBoot: true };
  }
  return { isClean: false, isSameBoot: isSameBoot(boot, await bootNow()) };
}

/** Marks it as open, before anything is written to it. */
export async function markOpen(directory: string): Promise<void> {
  await writeDurably(join(directory, MARK), Buffer.from(await bootNow()));
}

export async function markClosed(directory: string): Promise<void> {
  await rm(join(directory, MARK), { force: true });
  await syncDirectory(directory);
}

/** An id where the system has one, else the second in which the machine was started. */
async function bootNow(): Promise<string> {
  try {
    return (await readFile(BOOT_ID, 'utf8')).trim();
  } catch {
    return String(Math.round(Date.now() / 1_000 - uptime()));
  }
}

function isSameBoot(one: string, other: string): boolean {
  if (one === other) return true;
  const isTime = /^\d+$/.test(one) && /^\d+$/.test(other);
  return isTime && Math.abs(Number(one) - Number(other)) <= TOLERANCE_S;
}
