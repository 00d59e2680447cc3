import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OutputTail } from './output-tail.js';
import { Worker } from './worker.js';

/** A program that does not speak to the benchmark, such as a broker, once it is ready. */
export interface Server {
  readonly pid: number;
  /** What the parentheses of the ready pattern caught. */
  readonly match: RegExpExecArray;
}

export interface ServerOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Matches the line on stdout or stderr that says the server takes connections. */
  readonly ready: RegExp;
}

/** Time for a server to become ready. Milliseconds. */
const READY_MS = 15_000;

/** Every child of this process that may still be running. */
const living = new Set<ChildProcess>();

/** Every folder of theirs. */
const folders = new Set<string>();

/** Ends all children at once. For the last moments of the process: it waits for nothing. */
export function killAll(): void {
  for (const child of living) child.kill('SIGKILL');
  for (const folder of folders) removeFolder(folder);
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** The processes of one run. `close` ends them all, whatever state they are in. */
export class ProcessGroup {
  readonly #children: ChildProcess[] = [];
  readonly #folders: string[] = [];
  #fail: (error: Error) => void = () => {};
  /** Never resolves; rejects when a server ends before the group is closed. */
  readonly failure = new Promise<never>((_, reject) => {
    this.#fail = reject;
  });

  constructor() {
    // Whoever waits learns of it. There may be nobody, such as when everything ends as planned.
    this.failure.catch(() => {});
  }

  /** Starts a program of bench/processes with an IPC channel; `name` is the file's name without its extension. */
  fork(name: string, args: readonly string[] = []): Worker {
    const program = fileURLToPath(new URL(`./processes/${name}.js`, import.meta.url));
    const child = fork(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#adopt(child);
    return new Worker(`${name} ${args.join(' ')}`.trimEnd(), child);
  }

  /** Starts a server and resolves when it is ready. Rejects with its last output when it exits or takes too long. */
  async serve({ command, args, ready }: ServerOptions): Promise<Server> {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#adopt(child);
    const output = new OutputTail(child.stdout, child.stderr);
    const what = `${command} ${args.join(' ')}`;
    const fail = (why: string, cause?: Error) => {
      this.#fail(new Error(`${what} ${why}; its last output: ${output}`, { cause }));
    };
    child.once('error', (error) => fail('cannot be started', error));
    child.once('close', (code, signal) => fail(`exited with ${signal ?? code}`));
    const timer = setTimeout(() => fail(`is not ready after ${READY_MS} ms`), READY_MS);
    const match = new Promise<RegExpExecArray>((resolve) => {
      output.onText = () => {
        const found = ready.exec(output.text);
        if (found !== null) resolve(found);
      };
    });
    try {
      return { match: await Promise.race([match, this.failure]), pid: child.pid! };
    } finally {
      clearTimeout(timer);
      output.onText = undefined;
    }
  }

  /** A folder for a server's data, on the disk of the system's temporary files; it goes with the group. */
  folder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'modwire-bench-'));
    this.#folders.push(folder);
    folders.add(folder);
    return folder;
  }

  /** Ends every process and resolves when all are gone. */
  async close(): Promise<void> {
    const gone = this.#children.filter(isRunning).map((child) => once(child, 'exit'));
    // Nothing is worth saving in a benchmark's server, so none is asked politely.
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(gone);
    for (const folder of this.#folders) removeFolder(folder);
  }

  #adopt(child: ChildProcess): void {
    this.#children.push(child);
    living.add(child);
    child.once('exit', () => living.delete(child));
    // Without a process there is no exit either.
    child.once('error', () => living.delete(child));
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
