import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QUIET_FALLBACK } from '../support/transports.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
}

/** A running `modwire`, as a user starts it: the built program in a process of its own. */
export class CliProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when it has ended and everything that it wrote has been read. */
  readonly exit: Promise<Exit>;
  stdout = '';
  stderr = '';
  readonly #wake = new Set<() => void>();
  #ended = false;

  constructor(args: readonly string[], { env = {}, cwd, input }: CliOptions = {}) {
    // Nothing of the variables here: they would be settings there.
    const clean = { PATH: process.env.PATH ?? '', HOME: tmpdir(), TZ: 'UTC', ...QUIET_FALLBACK };
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...clean, ...env },
      cwd: cwd ?? tmpdir(),
    });
    this.child.stdin.on('error', () => undefined);
    this.child.stdin.end(input);
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read('stdout', text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => this.#read('stderr', text));
    this.exit = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.#ended = true;
        this.#notify();
        resolve({ code, signal });
      });
    });
    running.add(this);
    void this.exit.then(() => running.delete(this));
  }

  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  get errors(): string[] {
    return this.stderr.split('\n').slice(0, -1);
  }

  /** Resolves with the first line that matches; rejects when the process ends without one. */
  async until(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      for (const line of stream === 'stdout' ? this.lines : this.errors) {
        const match = pattern.exec(line);
        if (match !== null) return match;
      }
      if (this.#ended)
        throw new Error(`ended without ${pattern} on ${stream}:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => this.#wake.add(resolve));
    }
  }

  #read(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }
}

const running = new Set<CliProcess>();
const folders = new Set<string>();

/** Starts `modwire` with these arguments. */
export function start(args: readonly string[], options?: CliOptions): CliProcess {
  return new CliProcess(args, options);
}

/** Runs `modwire` to its end. */
export async function run(
  args: readonly string[],
  options?: CliOptions,
): Promise<{ code: number | null; stdout: string; stderr: string; lines: string[]; errors: string[] }> {
  const process = start(args, options);
  const { code } = await process.exit;
  const { stdout, stderr, lines, errors } = process;
  return { code, stdout, stderr, lines, errors };
}

/** A broker started with `modwire serve` on a free port. */
export interface Serving {
  readonly process: CliProcess;
  readonly url: string;
  readonly port: number;
}

export async function serve(args: readonly string[] = [], options?: CliOptions): Promise<Serving> {
  const process = start(['serve', '--port', '0', ...args], options);
  const [, url, port] = await process.until('stdout', /^listening (ws:\/\/.*:(\d+))$/);
  return { process, url: url!, port: Number(port) };
}

/** A folder for one test, with a `modwire.config.json` in it when there is something to put there. */
export function folder(config?: unknown): string {
  const path = mkdtempSync(join(tmpdir(), 'modwire-cli-'));
  folders.add(path);
  if (config !== undefined) {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    writeFileSync(join(path, 'modwire.config.json'), text);
  }
  return path;
}

/** Ends what a test has left. For `afterEach`. */
export async function cleanUp(): Promise<void> {
  await Promise.all(
    [...running].map((process) => {
      process.child.kill('SIGKILL');
      return process.exit;
    }),
  );
  for (const path of folders) rmSync(path, { recursive: true, force: true });
  folders.clear();
}
