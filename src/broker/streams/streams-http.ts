import { checkFilter } from '../../codec/subject.js';
import type { StreamLog } from '../../streams/stream-log.js';
import * as input from '../http-input.js';
import {
  BYTES_TYPE,
  type HttpReply,
  type HttpRequest,
  JSON_TYPE,
  jsonReply,
  unsupportedType,
} from '../http-message.js';
import { HttpTable, type RouteAnswer, type RouteTable } from '../http-table.js';
import type { Captures } from './captures.js';
import type { Operations } from './operations.js';
import { MAX_PAGE_RECORDS, recordPage } from './record-page.js';
import { StreamExport } from './stream-export.js';
import type { ImportedRecords } from './stream-import.js';

export const STREAMS_PATH = '/v1/streams';

export interface StreamRouteParts {
  readonly operations: Pick<Operations, 'run'>;
  readonly captures: Captures;
  /** Takes the records of a file. */
  readonly importRecords: (stream: string, file: Uint8Array) => Promise<ImportedRecords>;
}

type Answer = RouteAnswer<StreamRouteParts>;

const STREAM = `${STREAMS_PATH}/*`;
const CONSUMERS = `${STREAM}/consumers`;

const ROUTES: RouteTable<StreamRouteParts> = {
  [STREAMS_PATH]: { GET: asked('streams.list', []), POST: told('streams.create', [], 201) },
  [STREAM]: {
    GET: asked('streams.info', ['name']),
    PATCH: told('streams.update', ['name']),
    DELETE: asked('streams.remove', ['name']),
  },
  [`${STREAM}/purge`]: { POST: told('streams.purge', ['name']) },
  [`${STREAM}/verify`]: { POST: told('streams.verify', ['name']) },
  [`${STREAM}/records`]: { GET: records },
  [`${STREAM}/export`]: { GET: exported },
  [`${STREAM}/import`]: { POST: imported },
  [CONSUMERS]: { GET: asked('consumers.list', ['stream']), POST: told('consumers.create', ['stream'], 201) },
  [`${CONSUMERS}/*`]: {
    GET: asked('consumers.info', ['stream', 'name']),
    PUT: told('consumers.update', ['stream', 'name']),
    DELETE: asked('consumers.remove', ['stream', 'name']),
  },
  [`${CONSUMERS}/*/pause`]: { POST: told('consumers.pause', ['stream', 'name']) },
  [`${CONSUMERS}/*/resume`]: { POST: told('consumers.resume', ['stream', 'name']) },
};

const TABLE = new HttpTable(ROUTES);

/** Answers for `/v1/streams`; never rejects. */
export function answerStreams(request: HttpRequest, parts: StreamRouteParts): Promise<HttpReply> {
  return TABLE.answer(request, parts);
}

/** The answer of an operation that is told nothing but what stands in the path, by these names. */
function asked(operation: string, members: readonly string[]): Answer {
  return async ({ operations }, { query }, names) => {
    input.checkQuery(query, []);
    return jsonReply(200, await operations.run(operation, namedIn(members, names)));
  };
}

/** The same of one that is told more: the members of the body, if there is one. */
function told(operation: string, members: readonly string[], status = 200): Answer {
  return async ({ operations }, request, names) => {
    input.checkQuery(request.query, []);
    const argument = { ...bodyOf(request, members), ...namedIn(members, names) };
    return jsonReply(status, await operations.run(operation, argument));
  };
}

function records(
  { captures }: StreamRouteParts,
  { query }: HttpRequest,
  [name = '']: readonly string[],
): HttpReply {
  input.checkQuery(query, ['from', 'count', 'filter']);
  const { log } = captures.of(name);
  const body = recordPage(log, {
    from: placeOf(query, 'from', log) ?? 1,
    count: countOf(query.get('count')),
    filter: filterOf(query),
  });
  return { status: 200, contentType: JSON_TYPE, body };
}

/** It ends where the stream ended when it was asked for. */
function exported(
  { captures }: StreamRouteParts,
  request: HttpRequest,
  [name = '']: readonly string[],
): HttpReply {
  const { query, method, gone } = request;
  input.checkQuery(query, ['from', 'to', 'filter']);
  const capture = captures.of(name);
  const { log } = capture;
  const from = placeOf(query, 'from', log) ?? 1;
  const to = Math.min(placeOf(query, 'to', log, -1) ?? log.lastOffset, log.lastOffset);
  const head = { stream: log.config, from, to, filter: filterOf(query) };
  const reply = { status: 200, contentType: BYTES_TYPE, body: '', headers: { 'Cache-Control': 'no-store' } };
  if (method === 'HEAD') return reply;
  const isThere = () => captures.find(name) === capture;
  return { ...reply, stream: new StreamExport({ head, gone, log: () => (isThere() ? log : undefined) }) };
}

async function imported(
  { importRecords }: StreamRouteParts,
  { query, contentType, body }: HttpRequest,
  [name = '']: readonly string[],
): Promise<HttpReply> {
  input.checkQuery(query, []);
  if (contentType !== BYTES_TYPE) throw unsupportedType([BYTES_TYPE], contentType);
  return jsonReply(200, await importRecords(name, body));
}

function namedIn(members: readonly string[], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(members.map((member, index) => [member, names[index]!]));
}

/** What stands in the path cannot stand there too. */
function bodyOf(request: HttpRequest, members: readonly string[]): object {
  if (request.body.length === 0 && members.length > 0) return {};
  const body = input.readJson(request, input.SMALL_BODY_BYTES);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw input.badInput('body', 'an object', body);
  }
  const twice = members.find((member) => Object.hasOwn(body, member));
  if (twice === undefined) return body;
  throw input.badInput('body', `${members.join(' and ')} in the path alone`, twice);
}

/** An offset, or that of the first record that came at a time or later, plus `beside`. Throws INVALID_ARGUMENT. */
function placeOf(
  query: URLSearchParams,
  name: string,
  log: Pick<StreamLog<unknown>, 'offsetAt'>,
  beside = 0,
): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  const ms = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return log.offsetAt(ms * 1000) + beside;
  throw input.badInput(name, 'an offset from 1 on, or a time such as 2026-03-01T12:00:00Z', text);
}

function countOf(text: string | null): number {
  if (text === null) return 100;
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MAX_PAGE_RECORDS) return count;
  throw input.badInput('count', `1 to ${MAX_PAGE_RECORDS}`, text);
}

function filterOf(query: URLSearchParams): string {
  const filter = query.get('filter') ?? '>';
  checkFilter(filter);
  return filter;
}
