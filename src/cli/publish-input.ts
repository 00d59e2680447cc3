import type { PublishOptions } from '../client/publish-options.js';
import { ContentType } from '../codec/generated/modwire/content-type.js';
import { ModwireError } from '../errors.js';
import { BROKER_LIMITS } from '../limits.js';
import { type Arguments, invalidFlag, type OptionSpec } from './arguments.js';
import { readInput } from './input.js';
import type { Terminal } from './terminal.js';

const CONTENT_TYPES = ['bytes', 'json', 'flatbuffer', 'tensor'] as const;
const MAX_PRIORITY = 255;
const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/** Flags that say what a message carries. */
export const MESSAGE_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'file',
    short: 'f',
    value: 'FILE',
    about: 'Take the payload from a file, or - for standard input.',
  },
  { name: 'raw', about: 'Send the payload as bytes, even if it is JSON.' },
  {
    name: 'content-type',
    value: CONTENT_TYPES.join('|'),
    about: 'What the payload is. (default json if it parses, else bytes)',
  },
  { name: 'header', short: 'H', value: 'NAME=VALUE', multiple: true, about: 'Add a header; repeatable.' },
  {
    name: 'priority',
    value: 'N',
    about: `0 to ${MAX_PRIORITY}; higher goes first where messages wait. (default 0)`,
  },
  { name: 'correlation-id', value: 'UUID', about: 'Id of the exchange that the message belongs to.' },
  { name: 'causation-id', value: 'UUID', about: 'Id of the message that caused this one.' },
];

/** One message as the flags describe it. */
export interface MessageInput {
  readonly payload: Uint8Array;
  readonly options: PublishOptions;
}

/** Reads the message. Throws INVALID_ARGUMENT for flags that are not valid, and what reading a file throws. */
export async function readMessage(
  text: string | undefined,
  args: Arguments,
  terminal: Terminal,
): Promise<MessageInput> {
  const wanted = wantedContentType(args);
  const priority = args.quantity('priority', 'count', 0, MAX_PRIORITY);
  const correlationId = uuidOf(args, 'correlation-id');
  const causationId = uuidOf(args, 'causation-id');
  const headers = args.texts('header').map(splitHeader);
  const payload = await readPayload(text, args, terminal);
  return {
    payload,
    options: {
      contentType: contentTypeOf(payload, wanted),
      ...(priority === undefined ? {} : { priority }),
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(causationId === undefined ? {} : { causationId }),
      ...(headers.length === 0 ? {} : { headers }),
    },
  };
}

async function readPayload(
  text: string | undefined,
  args: Arguments,
  terminal: Terminal,
): Promise<Uint8Array> {
  const file = args.text('file');
  if (file === undefined) return new TextEncoder().encode(text ?? '');
  if (text === undefined) return readInput(file, BROKER_LIMITS.maxFrameBytes.max, terminal);
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'two payloads',
    expected: 'PAYLOAD or --file',
    got: 'both',
  });
}

function wantedContentType(args: Arguments): (typeof CONTENT_TYPES)[number] | undefined {
  const named = args.choice('content-type', CONTENT_TYPES);
  if (!args.has('raw')) return named;
  if (named === undefined || named === 'bytes') return 'bytes';
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'flags contradict each other',
    expected: '--raw or --content-type',
    got: `--raw and --content-type ${named}`,
  });
}

/** JSON travels as it was written, not as JavaScript would write it: long numbers keep their digits. */
function contentTypeOf(payload: Uint8Array, wanted: (typeof CONTENT_TYPES)[number] | undefined): ContentType {
  if (wanted !== undefined && wanted !== 'json') return ContentType[wanted];
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    return ContentType.json;
  } catch (cause) {
    if (wanted === undefined) return ContentType.bytes;
    const got = (cause as Error).message;
    throw new ModwireError('INVALID_ARGUMENT', { what: 'the payload is not JSON', got, cause });
  }
}

function splitHeader(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw invalidFlag('header', 'NAME=VALUE', text);
  return [text.slice(0, at), text.slice(at + 1)];
}

function uuidOf(args: Arguments, name: string): Uint8Array | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  if (!UUID.test(text)) throw invalidFlag(name, 'a UUID or 32 hexadecimal digits', text);
  return new Uint8Array(Buffer.from(text.replaceAll('-', ''), 'hex'));
}
