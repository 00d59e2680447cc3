import { ModwireError } from '../../errors.js';
import { BROKER_LIMITS } from '../../limits.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import { readInput, STDIN } from '../input.js';
import type { Entry } from '../inspection.js';
import { entryJson, entryText, reasonOf } from '../output/entry-text.js';
import { offsetText } from '../output/hex-dump.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'inspect FILE [OPTION]...';

/** `modwire inspect`: what is in the bytes of a frame or batch, or why they do not verify. */
export const inspect: TableCommand = {
  usage: USAGE,
  details: [
    'FILE, or - for standard input, holds what one WebSocket message holds: a frame, or several frames and control ' +
      'messages one after the other, each with its size prefix.',
    'When something does not verify, it shows the rule, the field, the byte offset and the bytes around it, and the ' +
      'exit code is that of MALFORMED_FRAME.',
  ],
  options: [{ name: 'json', about: 'Print one JSON object a line for each entry.' }],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  args.expectPositionals(1, 1, USAGE);
  const [file] = args.positionals as [string];
  const name = file === STDIN ? 'standard input' : file;
  const { stdout } = terminal;
  const bytes = await readInput(file, BROKER_LIMITS.maxBatchBytes.max, terminal);
  if (bytes.length === 0) {
    throw new ModwireError('MALFORMED_FRAME', {
      what: 'no frame',
      expected: 'bytes',
      got: 'none',
      where: name,
    });
  }
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { inspect: inspectBytes } = await import('../inspection.js');
  let number = 0;
  let broken: { readonly number: number; readonly entry: Extract<Entry, { kind: 'malformed' }> } | undefined;
  for (const entry of inspectBytes(bytes)) {
    number++;
    if (entry.kind === 'malformed') broken ??= { number, entry };
    if (args.has('json')) await stdout.line(entryJson(entry, number));
    else {
      if (number > 1) await stdout.line('');
      for (const line of entryText(entry, number, bytes, stdout.style)) await stdout.line(line);
    }
  }
  if (broken !== undefined) throw malformed(broken.entry, broken.number, bytes, name);
}

function malformed(
  { offset, violation }: Extract<Entry, { kind: 'malformed' }>,
  number: number,
  bytes: Uint8Array,
  name: string,
): ModwireError {
  return new ModwireError('MALFORMED_FRAME', {
    what: `entry ${number} does not verify: ${reasonOf(violation)}`,
    where: `${name}, rule ${violation.rule}, at ${offsetText(offset + violation.offset)}`,
    ...(lacksPrefix(bytes) ? { advice: 'the size prefix is missing: 4 bytes in front' } : {}),
  });
}

/** FlatBuffers without a size prefix have their identifier 4 bytes earlier: a mistake that is easily made. */
function lacksPrefix(bytes: Uint8Array): boolean {
  const identifier = String.fromCharCode(...bytes.subarray(4, 8));
  return identifier === 'MCP1' || identifier === 'MCC1';
}
