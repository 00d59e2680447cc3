import type { RolloutDetails } from '../../broker/rollouts/rollout-info.js';
import { ModwireError } from '../../errors.js';
import type { Arguments, OptionSpec } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { JSON_OPTION } from '../contracts/options.js';
import { BROKER_OPTIONS, openRollouts } from '../http/broker-connection.js';
import type { RolloutsApi, RolloutWord } from '../http/rollouts-api.js';
import { readInput } from '../input.js';
import { printable, toJsonLine } from '../output/printable.js';
import { statusText } from '../rollouts/status-text.js';
import type { Terminal } from '../terminal.js';

const START_USAGE = 'rollout start FILE [OPTION]...';

/** Of a plan. Bytes. */
const MAX_PLAN_BYTES = 64 * 1024;

const REASON_OPTION: OptionSpec = {
  name: 'reason',
  value: 'TEXT',
  about: 'Why, for those who look at it later.',
};

/** `modwire rollout start`: begins to move a service to another version. */
export const rolloutStart: TableCommand = {
  usage: START_USAGE,
  details: ['FILE is the plan as JSON, or - for standard input: docs/rollouts.md says what is in it.'],
  options: [JSON_OPTION, ...BROKER_OPTIONS],
  run: (args, terminal) =>
    ask(args, terminal, START_USAGE, async (api, file) => {
      return api.start(await readInput(file, MAX_PLAN_BYTES, terminal));
    }),
};

/** `modwire rollout promote`: the next step now. */
export const rolloutPromote: TableCommand = command('promote', [
  REASON_OPTION,
  {
    name: 'from',
    value: 'STAGE',
    about: 'Only when this is the present stage, such as step-2: sent twice it takes one step.',
  },
]);

/** `modwire rollout pause`: no further step. */
export const rolloutPause: TableCommand = command('pause', [REASON_OPTION]);

/** `modwire rollout resume`: takes that back. */
export const rolloutResume: TableCommand = command('resume', [REASON_OPTION]);

/** `modwire rollout rollback`: everything back to the stable version. */
export const rolloutRollback: TableCommand = command('rollback', [
  { ...REASON_OPTION, about: `${REASON_OPTION.about} It has to be given.` },
]);

const DELETE_USAGE = 'rollout delete NAME [OPTION]...';

/** `modwire rollout delete`: forgets one that has ended. */
export const rolloutDelete: TableCommand = {
  usage: DELETE_USAGE,
  details: [],
  options: [JSON_OPTION, ...BROKER_OPTIONS],
  run: async (args, terminal) => {
    const api = await openRollouts(args, terminal);
    if (api === undefined) return;
    args.expectPositionals(1, 1, DELETE_USAGE);
    const deleted = await api.delete(args.positionals[0]!);
    const { stdout } = terminal;
    if (args.has('json')) return stdout.line(toJsonLine(deleted));
    await stdout.line(`deleted ${stdout.style.bold(printable(deleted.name))}`);
  },
};

function command(word: RolloutWord, options: readonly OptionSpec[]): TableCommand {
  const usage = `rollout ${word} NAME [OPTION]...`;
  return {
    usage,
    details: [],
    options: [...options, JSON_OPTION, ...BROKER_OPTIONS],
    run: (args, terminal) =>
      ask(args, terminal, usage, (api, name) => {
        const reason = args.text('reason');
        if (word === 'rollback' && reason === undefined) {
          throw new ModwireError('INVALID_ARGUMENT', {
            what: '--reason is missing',
            expected: 'why everything goes back to the stable version',
          });
        }
        return api.command(name, word, { reason, from: args.text('from') });
      }),
  };
}

async function ask(
  args: Arguments,
  terminal: Terminal,
  usage: string,
  act: (api: RolloutsApi, argument: string) => Promise<RolloutDetails>,
): Promise<void> {
  const api = await openRollouts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, usage);
  const rollout = await act(api, args.positionals[0]!);
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine(rollout));
  for (const line of statusText(rollout, stdout.style)) await stdout.line(line);
}
