import { ModwireError } from '../errors.js';
import type { ArrivalPlan } from './commands.js';
import { parseFlags } from './program.js';

export interface DemoOptions {
  readonly durationSeconds: number;
  readonly arrivals: ArrivalPlan;
  readonly seed: number;
  readonly json: boolean;
}

const DEFAULTS = { duration: 15, rate: 500, speed: 1, seed: 1 } as const;

const FLAGS = {
  duration: { type: 'string' },
  rate: { type: 'string' },
  trace: { type: 'string' },
  speed: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const USAGE = `Runs an inference service on this machine, in processes of its own: a broker, a gateway, a feature
service, two versions of a scoring model, and a feedback consumer. Shows live figures on a terminal, and in
the end a summary that accounts for every request and every frame.

Usage: modwire demo [OPTION]...
       modwire demo rollout [OPTION]...   another demo: a service goes from one version to the next

Options:
      --duration SECONDS  How long requests are sent; ${DEFAULTS.duration} by default. A trace may end sooner.
      --rate R            Generated requests a second, in the mean; ${DEFAULTS.rate} by default.
      --trace FILE        Send at the times of a trace instead: a CSV file with the columns
                          TIMESTAMP,ContextTokens,GeneratedTokens.
      --speed X           Replay the trace X times as fast; ${DEFAULTS.speed} by default.
      --seed S            Other generated requests for every whole number S; ${DEFAULTS.seed} by default.
      --json              The summary as JSON.
  -h, --help              Show this help.

Requests are due at times that are fixed before the start, whatever became of those before.
Exit codes: 0 every request and every frame is accounted for and none is lost, 20 the same after Ctrl-C, 70
something is lost or a process failed, 2 a flag or the trace is not valid, 22 there is no such file.
`;

/** Undefined when help is asked for. Throws INVALID_ARGUMENT for what is not valid. */
export function parseDemoOptions(args: readonly string[]): DemoOptions | undefined {
  const values = parseFlags(args, FLAGS, 'modwire demo');
  if (values.help) return undefined;
  const { trace } = values;
  if (trace === undefined && values.speed !== undefined) {
    throw invalid('--speed belongs to a trace', '--trace FILE beside it', 'none', 'use --rate without one');
  }
  if (trace !== undefined && values.rate !== undefined) {
    throw invalid(
      '--rate is of generated requests',
      'no --trace beside it',
      trace,
      'use --speed with a trace',
    );
  }
  return {
    durationSeconds: number('duration', values.duration, DEFAULTS.duration, 0.1, 86_400),
    arrivals:
      trace === undefined
        ? { kind: 'generated', rate: number('rate', values.rate, DEFAULTS.rate, 0.1, 100_000) }
        : { kind: 'trace', path: trace, speed: number('speed', values.speed, DEFAULTS.speed, 0.001, 1e6) },
    seed: whole('seed', values.seed, DEFAULTS.seed),
    json: values.json === true,
  };
}

function number(name: string, text: string | undefined, fallback: number, min: number, max: number): number {
  if (text === undefined) return fallback;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw invalid(`--${name} is not valid`, `a number from ${min} to ${max}`, text);
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const max = 2 ** 32 - 1;
  if (text === undefined) return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  throw invalid(`--${name} is not valid`, `a whole number from 0 to ${max}`, text);
}

function invalid(what: string, expected: string, got: string, advice?: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what,
    expected,
    got: JSON.stringify(got),
    ...(advice === undefined ? {} : { advice }),
  });
}
