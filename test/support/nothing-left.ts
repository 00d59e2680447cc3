import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';

/** The open files of this process, where the system shows them. */
const OPEN_FILES = '/proc/self/fd';
const INODE_COLUMN = 9;
/** What is being closed may take as long. */
const PATIENCE_MS = 5_000;

// Files of tests share a process: a broker or a connection that one leaves open would go on among the next.
if (existsSync(OPEN_FILES)) {
  let before = new Set<string>();
  beforeAll(() => {
    before = openSockets();
  });
  afterAll(async () => {
    const left = () => [...openSockets()].filter((socket) => !before.has(socket));
    const giveUpAt = performance.now() + PATIENCE_MS;
    while (left().length > 0 && performance.now() < giveUpAt) await delay(5);
    expect(left(), 'sockets that this file has left open').toEqual([]);
  });
}

/** TCP sockets of this process, by their inode: uWebSockets.js does not tell Node.js of its own. */
function openSockets(): Set<string> {
  const own = new Set(readdirSync(OPEN_FILES).map(inodeOf));
  const sockets = ['/proc/self/net/tcp', '/proc/self/net/tcp6']
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .map((line) => line.trim().split(/ +/)[INODE_COLUMN] ?? '');
  return new Set(sockets.filter((inode) => own.has(inode)));
}

/** The inode of a socket; undefined for what is none, or was closed since it was listed. */
function inodeOf(descriptor: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${OPEN_FILES}/${descriptor}`))?.[1];
  } catch {
    return undefined;
  }
}
