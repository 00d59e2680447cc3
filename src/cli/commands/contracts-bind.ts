import { FRAME_USES } from '../../registry/contract-records.js';
import { checkContractName, checkPattern } from '../../registry/request-checks.js';
import type { Arguments, OptionSpec } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { bindingText } from '../contracts/binding-text.js';
import { consumersText } from '../contracts/consumers-text.js';
import { JSON_OPTION } from '../contracts/options.js';
import { BROKER_OPTIONS, openContracts } from '../http/broker-connection.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

const BIND_USAGE = 'contracts bind PATTERN NAME [OPTION]...';
const UNBIND_USAGE = 'contracts unbind PATTERN [OPTION]...';

const USE_OPTION: OptionSpec = {
  name: 'use',
  value: FRAME_USES.join('|'),
  about: 'Which frames on these subjects: what is published, asked, or answered. (default message)',
};

/** `modwire contracts bind`: has subjects keep a contract. */
export const contractsBind: TableCommand = {
  usage: BIND_USAGE,
  details: [
    'PATTERN is a subject in which a token may be * (any one) and the last may be > (one or more); quote it. Where ' +
      'several patterns select a subject, the most specific counts. It tells who is connected now and cannot read the ' +
      'latest version.',
  ],
  options: [
    USE_OPTION,
    { name: 'replace', about: 'Take the place of another contract that the pattern is bound to.' },
    JSON_OPTION,
    ...BROKER_OPTIONS,
  ],
  run: bind,
};

/** `modwire contracts unbind`: takes that back. */
export const contractsUnbind: TableCommand = {
  usage: UNBIND_USAGE,
  details: ['PATTERN is as it was bound.'],
  options: [USE_OPTION, JSON_OPTION, ...BROKER_OPTIONS],
  run: unbind,
};

async function bind(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openContracts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(2, 2, BIND_USAGE);
  const [pattern, contract] = args.positionals as [string, string];
  checkPattern(pattern);
  checkContractName(contract);
  const use = args.choice('use', FRAME_USES) ?? 'message';
  const answer = await api.bind({ pattern, use, contract, replace: args.has('replace') });
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine(answer));
  const { binding, unreadableBy } = answer;
  const { bold, green } = stdout.style;
  await stdout.line(
    `${green('bound')} ${bold(printable(bindingText(binding)))} to ${bold(printable(binding.contract))}`,
  );
  for (const line of consumersText(unreadableBy, stdout.style)) await stdout.line(line);
}

async function unbind(args: Arguments, terminal: Terminal): Promise<void> {
  const api = await openContracts(args, terminal);
  if (api === undefined) return;
  args.expectPositionals(1, 1, UNBIND_USAGE);
  const [pattern] = args.positionals as [string];
  const binding = await api.unbind(pattern, args.choice('use', FRAME_USES) ?? 'message');
  const { stdout } = terminal;
  if (args.has('json')) return stdout.line(toJsonLine({ binding }));
  await stdout.line(`unbound ${printable(bindingText(binding))} from ${printable(binding.contract)}`);
}
