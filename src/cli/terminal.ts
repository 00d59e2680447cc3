import { whenInterrupted } from './interruption.js';
import { Output } from './output/output.js';

/** What a command sees of the process that it runs in. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** A signal that fires when the command is asked to stop. Only one part of a command may use this, once. */
  readonly whenInterrupted: () => AbortSignal;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { env } = process;
  return {
    // Reading begins when a command asks for it.
    get stdin() {
      return process.stdin;
    },
    stdout: new Output(process.stdout, env),
    stderr: new Output(process.stderr, env),
    env,
    cwd: process.cwd(),
    whenInterrupted,
  };
}
