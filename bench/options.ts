import { parseArgs } from 'node:util';

export interface Options {
  readonly filter: RegExp;
  readonly runs: number;
  /** Where the results go as JSON. */
  readonly json: string | undefined;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly help: boolean;
}

/** A command line that cannot be followed. The message says what was expected. */
export class UsageError extends Error {}

export const FLAGS = `  --filter REGEX   run only the cases whose names match (default: all)
  --runs N         runs of each system, interleaved, 1 to 1000 (default: 5)
  --json FILE      write the results there as JSON, too
  --warmup MS      how long each run goes on before it is measured (default: 1000)
  --window MS      how long each run is measured, at least 100 (default: 2000)
  --help           this text and the list of cases`;

/** Reads the command line, without the program's name. Throws UsageError. */
export function parseOptions(args: readonly string[]): Options {
  let values: ReturnType<typeof parse>['values'];
  try {
    ({ values } = parse(args));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return {
    filter: pattern(values.filter ?? ''),
    runs: integer('--runs', values.runs ?? '5', 1, 1_000),
    json: values.json,
    warmupMs: integer('--warmup', values.warmup ?? '1000', 0, 600_000),
    windowMs: integer('--window', values.window ?? '2000', 100, 600_000),
    help: values.help ?? false,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      filter: { type: 'string' },
      runs: { type: 'string' },
      json: { type: 'string' },
      warmup: { type: 'string' },
      window: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function pattern(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch (error) {
    throw new UsageError(
      `--filter: expected a regular expression, got '${source}': ${(error as Error).message}`,
    );
  }
}

function integer(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${flag}: expected a whole number from ${min} to ${max}, got '${text}'`);
}
