import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { QUIET_FALLBACK } from '../support/transports.js';
import { type CliOptions, type CliResult, CliRun, type Exit, listening, type Serving } from './cli-run.js';

export { type CliOptions, cleanUp, folder, type Serving } from './cli-run.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A running `modwire`, as a user starts it: the built program in a process of its own. */
export class CliProcess extends CliRun {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exit: Promise<Exit>;

  constructor(args: readonly string[], { env = {}, cwd, input }: CliOptions = {}) {
    super();
    // Nothing of the variables here: they would be settings there.
    const clean = { PATH: process.env.PATH ?? '', HOME: tmpdir(), TZ: 'UTC', ...QUIET_FALLBACK };
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...clean, ...env },
      cwd: cwd ?? tmpdir(),
    });
    this.child.stdin.on('error', () => undefined);
    this.child.stdin.end(input);
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => this.read('stdout', text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => this.read('stderr', text));
    this.exit = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.ended();
        resolve({ code, signal });
      });
    });
  }

  override interrupt(): void {
    this.child.kill('SIGINT');
  }

  override stop(): Promise<unknown> {
    this.child.kill('SIGKILL');
    return this.exit;
  }
}

/** Starts `modwire` with these arguments. */
export function start(args: readonly string[], options?: CliOptions): CliProcess {
  return new CliProcess(args, options);
}

/** Runs `modwire` to its end. */
export function run(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  return start(args, options).result();
}

export function serve(args: readonly string[] = [], options?: CliOptions): Promise<Serving<CliProcess>> {
  return listening(start(['serve', '--port', '0', ...args], options));
}
