import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** Malformed frames that the broker under attack forgives a session. */
export const MAX_VIOLATIONS = 256;

/** Broken subjects are often good ones: far fewer than are made, so that the broker must forget some. */
const MAX_SUBJECTS = 4096;
const START_MS = 20_000;
const STOP_MS = 20_000;
const STDERR_LINES = 20;

/** `modwire serve` in a process of its own, so that its crash and its memory can be seen from outside. */
export class BrokerProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #stderr: string[];
  readonly #exited: Promise<string>;
  #exit: string | undefined;

  private constructor(url: string, child: ChildProcess, stderr: string[], exited: Promise<string>) {
    this.url = url;
    this.#child = child;
    this.#stderr = stderr;
    this.#exited = exited.then((how) => {
      this.#exit = how;
      return how;
    });
  }

  /** Starts it on a free port. Rejects when it does not say in time that it listens. */
  static async start(): Promise<BrokerProcess> {
    const root = dirname(createRequire(import.meta.url).resolve('modwire/package.json'));
    const args = ['serve', '--port', '0', '--max-violations', `${MAX_VIOLATIONS}`];
    args.push('--max-subjects', `${MAX_SUBJECTS}`, '--subject-idle-ms', '0');
    const child = spawn(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stderr: string[] = [];
    createInterface({ input: child.stderr! }).on('line', (line) => {
      stderr.push(line);
      if (stderr.length > STDERR_LINES) stderr.shift();
    });
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const listening = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const url = /^listening (ws:\S+)$/.exec(line)?.[1];
        if (url !== undefined) resolve(url);
      });
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
    const first = await Promise.race([listening, exited.then((how) => ({ how }))]);
    clearTimeout(timer);
    if (typeof first === 'string') return new BrokerProcess(first, child, stderr, exited);
    throw new Error(`the broker did not start: ${first.how}\n${stderr.join('\n')}`);
  }

  /** How it ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#exit;
  }

  /** The last lines of its standard error. */
  get lastWords(): string {
    return this.#stderr.join('\n');
  }

  /** Resident memory. Bytes. */
  rss(): number {
    const kibibytes = execFileSync('ps', ['-o', 'rss=', '-p', `${this.#child.pid}`], { encoding: 'utf8' });
    return Number(kibibytes) * 1024;
  }

  /** Asks it to stop, and kills it when it does not. Resolves to how it ended: `exit code 0` when all is well. */
  async stop(): Promise<string> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    const how = await this.#exited;
    clearTimeout(timer);
    return how;
  }
}
