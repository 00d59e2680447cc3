import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { reportText } from '../experiments/report-text.js';
import { BROKER_OPTIONS, openMirrorReports } from '../http/broker-connection.js';
import { toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'experiments report NAME [OPTION]...';

/** `modwire experiments report`: in what the replies to copies of requests differ. */
export const experimentsReport: TableCommand = {
  usage: USAGE,
  details: [
    'NAME is an experiment with a mirror. Examples show what the caller got, and what the copy was answered with.',
  ],
  options: [
    { name: 'reset', about: 'Begin a new report; the one until now is shown.' },
    { name: 'json', about: 'Print the report as one JSON object on a line.' },
    ...BROKER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openMirrorReports(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, USAGE);
  const [name] = args.positionals as [string];
  const report = args.has('reset') ? await api.reset(name) : await api.report(name);
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine(report));
  for (const line of reportText(report, stdout.style)) await stdout.line(line);
}
