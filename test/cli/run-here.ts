import { tmpdir } from 'node:os';
import { Readable, Writable } from 'node:stream';
import { Output } from '../../src/cli/output/output.js';
import { runCli } from '../../src/cli/run-cli.js';
import { type CliOptions, type CliResult, CliRun, type Exit, listening, type Serving } from './cli-run.js';

/** A running `modwire` in this process: many runs for the time of one of its own. */
export class CliHere extends CliRun {
  readonly exit: Promise<Exit>;
  readonly #interruption = new AbortController();

  constructor(args: readonly string[], { env = {}, cwd = tmpdir(), input = '' }: CliOptions = {}) {
    super();
    const output = (name: 'stdout' | 'stderr') =>
      new Output(this.#captured(name) as unknown as NodeJS.WriteStream, env);
    const terminal = {
      ...{ stdin: Readable.from([Buffer.from(input)]), env, cwd },
      ...{ stdout: output('stdout'), stderr: output('stderr') },
      whenInterrupted: () => this.#interruption.signal,
    };
    this.exit = runCli(args, terminal).then((code) => {
      this.ended();
      return { code, signal: null };
    });
  }

  override interrupt(): void {
    this.#interruption.abort();
  }

  override stop(): Promise<unknown> {
    this.interrupt();
    return this.exit;
  }

  #captured(name: 'stdout' | 'stderr'): Writable {
    return new Writable({
      write: (chunk: Buffer, _, done) => {
        this.read(name, chunk.toString());
        done();
      },
    });
  }
}

/** Starts `modwire` with these arguments in this process. */
export function startHere(args: readonly string[], options?: CliOptions): CliHere {
  return new CliHere(args, options);
}

/** Runs `modwire` to its end in this process. */
export function runHere(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  return startHere(args, options).result();
}

export function serveHere(args: readonly string[] = [], options?: CliOptions): Promise<Serving<CliHere>> {
  return listening(startHere(['serve', '--port', '0', ...args], options));
}
