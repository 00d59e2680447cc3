import type { ExperimentInfo } from '../../broker/experiments/experiments-http.js';
import { BUCKETS } from '../../routing/experiments/bucket-table.js';
import type { Variant } from '../../routing/experiments/experiment.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { JSON_OPTION } from '../contracts/options.js';
import { BROKER_OPTIONS, openExperiments } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';
import type { Terminal } from '../terminal.js';

const LIST_USAGE = 'experiments list [OPTION]...';
const SHOW_USAGE = 'experiments show NAME [OPTION]...';

/** `modwire experiments list`: what a broker has. */
export const experimentsList: TableCommand = {
  usage: LIST_USAGE,
  details: [],
  options: [
    { name: 'json', about: 'Print one JSON object for each experiment, one a line.' },
    ...BROKER_OPTIONS,
  ],
  run: list,
};

/** `modwire experiments show`: one of them. */
export const experimentsShow: TableCommand = {
  usage: SHOW_USAGE,
  details: [],
  options: [JSON_OPTION, ...BROKER_OPTIONS],
  run: show,
};

async function list(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openExperiments(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(0, 0, LIST_USAGE);
  const { stdout, stderr } = terminal;
  const found = await api.experiments();
  if (args.has('json')) {
    for (const one of found) await stdout.line(toJsonLine(one));
    return;
  }
  if (found.length === 0) return stderr.line('there are no experiments');
  const rows = found.map(({ experiment, revision, driven }) => [
    ...[experiment.name, experiment.subject, experiment.assign.key],
    experiment.variants.map(({ name, weight }) => `${name} ${weight} %`).join(', '),
    driven ? 'a rollout' : String(revision),
  ]);
  const heads = ['experiment', 'subject', 'key', 'variants', 'revision'];
  for (const line of textTable([heads, ...rows], stdout.style)) await stdout.line(line);
}

async function show(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openExperiments(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, SHOW_USAGE);
  const info = await api.experiment(args.positionals[0]!);
  const { stdout } = terminal;
  const lines = args.has('json') ? [toJsonLine(info)] : experimentText(info, stdout.style);
  for (const line of lines) await stdout.line(line);
}

/** An experiment as people read it. */
export function experimentText(
  { experiment, revision, table, driven }: ExperimentInfo,
  style: Style,
): string[] {
  const { name, subject, variants, assign, mirror } = experiment;
  const state = driven ? 'driven by a rollout' : `revision ${revision}`;
  const facts = [
    `subject ${subject}, key ${assign.key}, salt ${assign.salt}, default ${experiment.default}`,
    ...(mirror === undefined ? [] : [`${mirror.percent} % mirrored to ${mirror.variant}`]),
  ];
  const rows = variants.map((variant) => [
    ...[variant.name, `${variant.weight} %`, workersText(variant), bucketsText(table, variant.name)],
  ]);
  return [
    `${style.bold(printable(name))} ${state}`,
    ...facts.map((line) => `  ${printable(line)}`),
    ...textTable([['variant', 'weight', 'workers', 'buckets'], ...rows], style),
  ];
}

function workersText({ version, service }: Variant): string {
  const of = service === undefined ? [] : [service === '' ? 'without a group' : `of group ${service}`];
  return [version ?? (service === undefined ? 'any' : 'any version'), ...of].join(' ');
}

/** First and last of each run. */
function bucketsText(table: ExperimentInfo['table'], variant: string): string {
  const runs: string[] = [];
  let at = 0;
  for (const [name, buckets] of table) {
    if (name === variant) runs.push(buckets === 1 ? String(at) : `${at}-${at + buckets - 1}`);
    at += buckets;
  }
  if (runs.length === 0) return '-';
  return at === BUCKETS ? runs.join(', ') : '?';
}
