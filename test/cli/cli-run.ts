import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

/** What a run of `modwire` came to. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: string[];
  readonly errors: string[];
}

/** A running `modwire`, wherever it runs: what it has written, and how it ends. */
export abstract class CliRun {
  /** Resolves when it has ended and everything that it wrote has been read. */
  abstract readonly exit: Promise<Exit>;
  stdout = '';
  stderr = '';
  readonly #wake = new Set<() => void>();
  #ended = false;

  constructor() {
    running.add(this);
  }

  /** Presses Ctrl-C. */
  abstract interrupt(): void;

  /** Ends it, whatever it is doing. */
  abstract stop(): Promise<unknown>;

  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  get errors(): string[] {
    return this.stderr.split('\n').slice(0, -1);
  }

  /** Resolves with the first line that matches; rejects when it ends without one. */
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

  async result(): Promise<CliResult> {
    const { code } = await this.exit;
    const { stdout, stderr, lines, errors } = this;
    return { code, stdout, stderr, lines, errors };
  }

  protected read(stream: 'stdout' | 'stderr', text: string): void {
    this[stream] += text;
    this.#notify();
  }

  protected ended(): void {
    this.#ended = true;
    running.delete(this);
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }
}

/** A broker started with `modwire serve` on a free port. */
export interface Serving<Run extends CliRun = CliRun> {
  readonly process: Run;
  readonly url: string;
  readonly port: number;
}

/** Resolves when this `modwire serve` listens. */
export async function listening<Run extends CliRun>(process: Run): Promise<Serving<Run>> {
  const [, url, port] = await process.until('stdout', /^listening (ws:\/\/.*:(\d+))$/);
  return { process, url: url!, port: Number(port) };
}

const running = new Set<CliRun>();
const folders = new Set<string>();

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

/** Ends what a test has left: the last started first, so that clients leave before their broker. For `afterEach`. */
export async function cleanUp(): Promise<void> {
  for (const run of [...running].reverse()) await run.stop();
  for (const path of folders) rmSync(path, { recursive: true, force: true });
  folders.clear();
}
