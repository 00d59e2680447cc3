import type { ServiceInfo } from '../../broker/calls/service-infos.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { BROKER_OPTIONS, openServices } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'services [OPTION]...';
const VERSION_HEADS = [
  ...['version', 'workers', 'busy', '/s', 'median', 'p99', 'handed over', 'replied', 'failed'],
];

/** `modwire services`: who serves requests at a broker. */
export const services: TableCommand = {
  usage: USAGE,
  details: [],
  options: [
    { name: 'json', about: 'Print one JSON object for each group of workers, one a line.' },
    ...BROKER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openServices(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(0, 0, USAGE);
  const { stdout, stderr } = terminal;
  const found = await api.services();
  if (args.has('json')) {
    for (const service of found) await stdout.line(toJsonLine(service));
    return;
  }
  if (found.length === 0) return stderr.line('nobody serves anything');
  for (const service of found) {
    for (const line of serviceText(service, stdout.style)) await stdout.line(line);
  }
}

function serviceText(service: ServiceInfo, style: Style): string[] {
  const { subject, group, policy, instances, waiting, handed, replied, failed } = service;
  const name = group === '' ? subject : `${subject} group ${group}`;
  const figures = [
    `${waiting} waiting, ${handed} handed over, ${replied} replied, ${failed} failed`,
    `${service.perSecond.toFixed(1)}/s, median ${msText(service.medianMs)}, p99 ${msText(service.p99Ms)}`,
  ];
  const versions = service.versions.map((one) => [
    ...[one.version || '-', String(one.instances), `${one.outstanding} of ${one.concurrency}`],
    ...[one.perSecond.toFixed(1), msText(one.medianMs), msText(one.p99Ms)],
    ...[String(one.handed), String(one.replied), String(one.failed)],
  ]);
  const rows = instances.map((one) => [
    ...[one.client, one.version || '-', `${one.outstanding} of ${one.concurrency}`],
    ...[stateText(one), String(one.replied), String(one.failed)],
  ]);
  const heads = ['worker', 'version', 'busy', 'state', 'replied', 'failed'];
  return [
    `${style.bold(printable(name))} ${printable(policy)}`,
    ...figures.map((line) => `  ${line}`),
    // What there is to say of a single version has been said of the group.
    ...(versions.length > 1 ? textTable([VERSION_HEADS, ...versions], style) : []),
    ...textTable([heads, ...rows], style),
  ];
}

function stateText({ ready, ejected }: ServiceInfo['instances'][number]): string {
  if (ejected) return 'ejected';
  return ready ? 'ready' : 'not ready';
}

function msText(ms: number | null): string {
  return ms === null ? '-' : `${ms.toFixed(1)} ms`;
}
