import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ModwireError } from '../errors.js';
import type { Call, Commands, Report } from './commands.js';

/** What is kept of a process's standard error. Characters. */
const KEPT_OUTPUT = 4_000;

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ModwireError) => void;
}

/** What a process says without being asked. */
export interface DemoProcessListener {
  figures(figures: unknown): void;
  /** Called before calls that it did not answer are rejected. */
  ended(how: string): void;
}

/** One process of the demo, as its parent sees it. */
export class DemoProcess<C extends Commands<C>> {
  readonly name: string;
  /** Resolves with how it ended: `killed by SIGKILL`. */
  readonly ended: Promise<string>;
  /** The last end of its standard error. */
  output = '';
  readonly #child: ChildProcess;
  readonly #listener: DemoProcessListener;
  readonly #waiting = new Map<number, Waiting>();
  #nextCall = 1;
  #end: string | undefined;

  /** Starts a program of processes/. */
  constructor(name: string, program: string, listener: DemoProcessListener) {
    this.name = name;
    this.#listener = listener;
    const path = fileURLToPath(new URL(`./processes/${program}.js`, import.meta.url));
    this.#child = fork(path, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Not the parent's own flags: two cannot listen on one inspector's port.
      execArgv: [],
      // Ctrl-C is for the parent alone: a child that is still being loaded would die of it. On Windows this would
      // open a window.
      detached: process.platform !== 'win32',
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      this.output = (this.output + chunk).slice(-KEPT_OUTPUT);
    });
    this.#child.on('message', (message: Report) => {
      if ('figures' in message) listener.figures(message.figures);
      else this.#settle(message);
    });
    // Node.js does not say that a child is closed when the channel was closed from this side, hence by hand.
    const outputEnded = new Promise<void>((resolve) => this.#child.stderr!.once('close', resolve));
    this.ended = new Promise((resolve) => {
      this.#child.on('error', (error) => resolve(this.#gone(error.message)));
      this.#child.once('exit', async (code, signal) => {
        await outputEnded;
        resolve(this.#gone(signal === null ? `exit code ${code}` : `killed by ${signal}`));
      });
    });
  }

  get running(): boolean {
    return this.#end === undefined;
  }

  /**
   * Has it do something. Rejects with the process's own error, UNAVAILABLE when it has ended, DEADLINE_EXCEEDED when
   * it takes longer than `timeoutMs`, when that is given.
   */
  async call<Name extends keyof C & string>(
    command: Name,
    argument: Parameters<C[Name]>[0],
    timeoutMs?: number,
  ): Promise<Awaited<ReturnType<C[Name]>>> {
    if (this.#end !== undefined) throw this.#endedError(command, this.#end);
    const id = this.#nextCall++;
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, { command, resolve, reject });
    });
    const expire = () => this.#waiting.get(id)?.reject(this.#lateError(command, timeoutMs!));
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
    const message: Call = { id, command, argument };
    // A channel that is closed already says so by the process's end.
    this.#child.send(message, () => undefined);
    try {
      return (await answer) as Awaited<ReturnType<C[Name]>>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Has it end by itself: it does when the channel closes. */
  release(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #settle(message: Exclude<Report, { figures: unknown }>): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if ('error' in message) waiting.reject(new ModwireError(message.error.code, message.error.message));
    else waiting.resolve(message.value);
  }

  #gone(how: string): string {
    if (this.#end !== undefined) return this.#end;
    this.#end = how;
    this.#listener.ended(how);
    for (const { command, reject } of this.#waiting.values()) reject(this.#endedError(command, this.#end));
    return this.#end;
  }

  #lateError(command: string, timeoutMs: number): ModwireError {
    return new ModwireError('DEADLINE_EXCEEDED', {
      what: `${this.name} did not ${command}`,
      expected: `an answer within ${timeoutMs} ms`,
      got: 'none',
    });
  }

  #endedError(command: string, how: string): ModwireError {
    return new ModwireError('UNAVAILABLE', {
      what: `${this.name} ended before it could ${command}`,
      got: how,
    });
  }
}
