import { Writable } from 'node:stream';
import { Output } from '../../src/cli/output/output.js';
import { runCli } from '../../src/cli/run-cli.js';

export interface RunHereOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

class Captured extends Writable {
  text = '';

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Runs `modwire` to its end in this process: many runs for the time of one of its own. */
export async function runHere(
  args: readonly string[],
  { cwd, env = {} }: RunHereOptions,
): Promise<{ code: number; stdout: string; stderr: string; lines: string[]; errors: string[] }> {
  const out = new Captured();
  const errors = new Captured();
  const output = (stream: Captured) => new Output(stream as unknown as NodeJS.WriteStream, env);
  const before = SIGNALS.map((signal) => process.listeners(signal));
  const code = await runCli(args, {
    ...{ stdin: process.stdin, stdout: output(out), stderr: output(errors) },
    ...{ env, cwd },
  });
  // A process of its own would be gone, and what listens for Ctrl-C with it.
  for (const [index, signal] of SIGNALS.entries()) {
    for (const listener of process.listeners(signal)) {
      if (!before[index]!.includes(listener)) process.removeListener(signal, listener);
    }
  }
  return {
    ...{ code, stdout: out.text, stderr: errors.text },
    lines: out.text.split('\n').slice(0, -1),
    errors: errors.text.split('\n').slice(0, -1),
  };
}
