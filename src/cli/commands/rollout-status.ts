import { ModwireError } from '../../errors.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { BROKER_OPTIONS, openRollouts } from '../http/broker-connection.js';
import { toJsonLine } from '../output/printable.js';
import { statusText } from '../rollouts/status-text.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'rollout status [NAME] [OPTION]...';

/** `modwire rollout status`: where rollouts are. */
export const rolloutStatus: TableCommand = {
  usage: USAGE,
  details: [
    'Without NAME it shows all. With --watch it goes on until the rollout has ended: on a terminal drawn over itself, else a ' +
      'line for each thing that happens. The exit code is then 0 when it was completed, and 26 (FAILED_PRECONDITION) when it ' +
      'was rolled back.',
  ],
  options: [
    { name: 'watch', about: 'Go on until the rollout has ended; NAME says which.' },
    { name: 'json', about: 'Print JSON objects, one a line: rollouts, or with --watch events.' },
    ...BROKER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openRollouts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(0, 1, USAGE);
  const [name] = args.positionals;
  const { stdout, stderr } = terminal;
  if (args.has('watch')) {
    if (name === undefined) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: '--watch needs NAME',
        expected: `modwire ${USAGE}`,
      });
    }
    const { watchRollout } = await import('../rollouts/watch-rollout.js');
    return watchRollout(api, name, terminal, args.has('json'));
  }
  const found = name === undefined ? await api.rollouts() : [await api.rollout(name)];
  if (args.has('json')) {
    for (const rollout of found) await stdout.line(toJsonLine(rollout));
    return;
  }
  if (found.length === 0) return stderr.line('no rollouts');
  for (const rollout of found) {
    for (const line of statusText(rollout, stdout.style)) await stdout.line(line);
  }
}
