import { ModwireError } from '../../errors.js';
import type { Experiment } from '../../routing/experiments/experiment.js';
import { readExperiment } from '../../routing/experiments/read-experiment.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { JSON_OPTION } from '../contracts/options.js';
import { BROKER_OPTIONS, openExperiments } from '../http/broker-connection.js';
import { readInput, STDIN } from '../input.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';
import { experimentText } from './experiments-show.js';

const PUT_USAGE = 'experiments put [FILE] [OPTION]...';
const DELETE_USAGE = 'experiments delete NAME [OPTION]...';

const MAX_BYTES = 64 * 1024;

/** `modwire experiments put`: adds an experiment, or changes it. */
export const experimentsPut: TableCommand = {
  usage: PUT_USAGE,
  details: [
    'FILE holds it as JSON; without one, or for -, it is read from standard input. When weights change only as many keys ' +
      'move to another variant as the new weights ask for.',
  ],
  options: [JSON_OPTION, ...BROKER_OPTIONS],
  run: put,
};

/** `modwire experiments delete`: ends an experiment. */
export const experimentsDelete: TableCommand = {
  usage: DELETE_USAGE,
  details: [],
  options: [JSON_OPTION, ...BROKER_OPTIONS],
  run: remove,
};

async function put(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openExperiments(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(0, 1, PUT_USAGE);
  const experiment = await readFrom(args.positionals[0] ?? STDIN, terminal);
  const info = await api.put(experiment);
  const { stdout } = terminal;
  const lines = args.has('json') ? [toJsonLine(info)] : experimentText(info, stdout.style);
  for (const line of lines) await stdout.line(line);
}

async function remove(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openExperiments(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, DELETE_USAGE);
  const info = await api.delete(args.positionals[0]!);
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine(info));
  await stdout.line(`deleted ${stdout.style.bold(printable(info.experiment.name))}`);
}

/** What can be refused without a broker is. */
async function readFrom(path: string, terminal: Terminal): Promise<Experiment> {
  const bytes = await readInput(path, MAX_BYTES, terminal);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'not JSON',
      got: (cause as Error).message,
      where: path === STDIN ? 'standard input' : path,
      cause,
    });
  }
  return readExperiment(value);
}
