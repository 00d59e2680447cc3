import { ModwireError } from '../../errors.js';
import { parseFlags } from '../program.js';
import { type SceneOptions, STEPS, VERSIONS, WORKERS } from './scene.js';

export interface RolloutDemoOptions extends SceneOptions {
  /** Other users for every whole number. */
  readonly seed: number;
  /** The new version fails. */
  readonly failing: boolean;
  readonly json: boolean;
}

const DEFAULTS = { duration: 32, rate: 200, seed: 1 } as const;

/** The least in which the steps have time to be looked at. Seconds. */
const MIN_SECONDS = 9;
const MAX_SECONDS = 600;
const MIN_RATE = 20;
const MAX_RATE = 2_000;

const FLAGS = {
  failing: { type: 'boolean' },
  duration: { type: 'string' },
  rate: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const USAGE = `Moves a service from version ${VERSIONS.stable} to ${VERSIONS.candidate} while requests go on, in processes of its own: a broker, ${WORKERS} workers of
each version, and a client. A canary of ${STEPS.join(', ')} % is judged by its gate; then the old workers are
drained and stopped. Shows live figures on a terminal, else a line for each step, and in the end a summary
that accounts for every request.

Usage: modwire demo rollout [OPTION]...

Options:
      --failing           The new version fails every other request: its gate takes everything back.
      --duration SECONDS  How long it takes, about; ${DEFAULTS.duration} by default, ${MIN_SECONDS} to ${MAX_SECONDS}.
      --rate R            Requests a second, evenly; ${DEFAULTS.rate} by default, ${MIN_RATE} to ${MAX_RATE}.
      --seed S            Other users for every whole number S; ${DEFAULTS.seed} by default.
      --json              The summary as JSON.
  -h, --help              Show this help.

Exit codes: 0 all promises are kept, 1 one is broken and the summary says which, 20 stopped with Ctrl-C, 70 a
process failed, 2 a flag is not valid.
`;

/** Undefined when help is asked for. Throws INVALID_ARGUMENT for what is not valid. */
export function parseRolloutDemoOptions(args: readonly string[]): RolloutDemoOptions | undefined {
  const values = parseFlags(args, FLAGS, 'modwire demo rollout');
  if (values.help) return undefined;
  return {
    durationSeconds: number('duration', values.duration, DEFAULTS.duration, MIN_SECONDS, MAX_SECONDS),
    rate: number('rate', values.rate, DEFAULTS.rate, MIN_RATE, MAX_RATE),
    seed: number('seed', values.seed, DEFAULTS.seed, 0, 2 ** 32 - 1),
    failing: values.failing === true,
    json: values.json === true,
  };
}

function number(name: string, text: string | undefined, fallback: number, min: number, max: number): number {
  if (text === undefined) return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: `--${name} is not valid`,
    expected: `a whole number from ${min} to ${max}`,
    got: JSON.stringify(text),
  });
}
