import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ModwireError } from '../errors.js';

/** What differs between the demos. */
export interface DemoProgram<Options> {
  readonly usage: string;
  /** Undefined when help is asked for. Throws INVALID_ARGUMENT for what is not valid. */
  readonly parse: (args: readonly string[]) => Options | undefined;
  /** Resolves with what goes to standard output in the end. */
  readonly run: (options: Options) => Promise<{ readonly text: string; readonly exitCode: number }>;
}

/** Runs a demo with its command line and resolves with the exit code. */
export async function runProgram<Options>(
  { usage, parse, run }: DemoProgram<Options>,
  args: readonly string[],
): Promise<number> {
  try {
    const options = parse(args);
    if (options === undefined) {
      process.stdout.write(usage);
      return 0;
    }
    const { text, exitCode } = await run(options);
    process.stdout.write(`${text}\n`);
    return exitCode;
  } catch (thrown) {
    // What is a defect shows where it is.
    if (!(thrown instanceof ModwireError)) throw thrown;
    process.stderr.write(`modwire: ${thrown.code}: ${thrown.message}\n`);
    return thrown.row.exitCode;
  }
}

type Flags = NonNullable<ParseArgsConfig['options']>;

/** Flags as they were given. Throws INVALID_ARGUMENT for others than `options`; `command` says them with --help. */
export function parseFlags<Options extends Flags>(
  args: readonly string[],
  options: Options,
  command: string,
): ReturnType<typeof parseArgs<{ options: Options; allowPositionals: false }>>['values'] {
  try {
    return parseArgs<{ options: Options; allowPositionals: false }>({
      ...{ args: [...args], options, allowPositionals: false },
    }).values;
  } catch (thrown) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: thrown instanceof Error ? thrown.message : String(thrown),
      advice: `see ${command} --help`,
      cause: thrown,
    });
  }
}
