import { createReadStream } from 'node:fs';
import { ModwireError } from '../errors.js';

/** One request of a trace. */
export interface TraceRow {
  /** Microseconds since the first request of the trace. */
  readonly atMicros: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

export const TRACE_HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';

/** Most tokens in one row. At four bytes each, more would not fit into a frame. */
export const MAX_TOKENS = 1_000_000;

/** No valid line is longer. What is would otherwise be gathered without end. Characters. */
const MAX_LINE = 1024;
const MAX_SHOWN = 60;

const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):?(\d\d))?$/;

/**
 * Reads a trace while it is iterated, in bounded memory. Throws NOT_FOUND or PERMISSION_DENIED when there is no such
 * file, INVALID_ARGUMENT with the line's number for a line that is not as it should be: none is skipped.
 */
export async function* readTrace(path: string): AsyncGenerator<TraceRow, void, undefined> {
  const stream = createReadStream(path, { encoding: 'utf8' });
  try {
    yield* parseTrace(stream, path);
  } catch (thrown) {
    throw fileError(path, thrown);
  } finally {
    stream.destroy();
  }
}

/** The same for text that comes in pieces; `name` stands for it in errors. */
export async function* parseTrace(
  chunks: AsyncIterable<string> | Iterable<string>,
  name: string,
): AsyncGenerator<TraceRow, void, undefined> {
  let number = 0;
  let rows = 0;
  let emptyLine = 0;
  let first: Timestamp | undefined;
  let lastMicros = 0;
  for await (const line of splitLines(chunks)) {
    number++;
    const where = `${name}, line ${number}`;
    if (line.length > MAX_LINE) throw bad('line too long', `at most ${MAX_LINE} characters`, line, where);
    if (number === 1) {
      if (line !== TRACE_HEADER) throw bad('not the header of a trace', TRACE_HEADER, line, where);
      continue;
    }
    if (line === '') {
      emptyLine ||= number;
      continue;
    }
    // Only known now not to be the end of the file.
    if (emptyLine !== 0) throw bad('empty line', 'a request', '', `${name}, line ${emptyLine}`);
    const fields = line.split(',');
    if (fields.length !== 3) throw bad('not a request', `three fields: ${TRACE_HEADER}`, line, where);
    const timestamp = parseTimestamp(fields[0]!, where);
    first ??= timestamp;
    const atMicros = timestamp.fraction - first.fraction + (timestamp.unixMs - first.unixMs) * 1000;
    if (atMicros < lastMicros) {
      throw bad('the time goes back', 'requests sorted by TIMESTAMP', fields[0]!, where);
    }
    lastMicros = atMicros;
    rows++;
    yield {
      atMicros,
      contextTokens: parseTokens(fields[1]!, 'ContextTokens', where),
      generatedTokens: parseTokens(fields[2]!, 'GeneratedTokens', where),
    };
  }
  if (rows === 0) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'the trace has no requests',
      expected: `${TRACE_HEADER} and at least one line below it`,
      got: number === 0 ? 'nothing' : 'only the header',
      where: name,
    });
  }
}

/** Whole seconds and the rest apart: together they would not keep tenths of a microsecond. */
interface Timestamp {
  readonly unixMs: number;
  /** Microseconds below a second. */
  readonly fraction: number;
}

function parseTimestamp(text: string, where: string): Timestamp {
  const match = TIMESTAMP.exec(text);
  const date = match === null ? undefined : dateOf(match);
  if (match === null || date === undefined) {
    throw bad('TIMESTAMP is not valid', 'a time such as 2023-11-16 18:15:46.6805900', text, where);
  }
  const fraction = Number((match[7] ?? '').padEnd(9, '0')) / 1000;
  const offsetMinutes = Number(`${match[8] ?? ''}1`) * (60 * Number(match[9] ?? 0) + Number(match[10] ?? 0));
  return { unixMs: date - offsetMinutes * 60_000, fraction };
}

/** Undefined for a day or time that there is not, such as 30 February. */
function dateOf(match: RegExpExecArray): number | undefined {
  const [, year, month, day, hour, minute, second] = match.map(Number);
  const unixMs = Date.UTC(year!, month! - 1, day, hour, minute, second);
  return new Date(unixMs).toISOString().slice(0, 19) === match[0].slice(0, 19).replace(' ', 'T')
    ? unixMs
    : undefined;
}

function parseTokens(text: string, column: string, where: string): number {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (count <= MAX_TOKENS) return count;
  throw bad(`${column} is not valid`, `a whole number from 0 to ${MAX_TOKENS}`, text, where);
}

/** Lines without their ends, which are LF or CRLF; the last one may have none. A line over the limit comes cut. */
async function* splitLines(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let rest = '';
  let atStart = true;
  for await (const chunk of chunks) {
    rest += atStart && chunk.startsWith('\ufeff') ? chunk.slice(1) : chunk;
    atStart = false;
    const lines = rest.split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield withoutReturn(line);
    if (rest.length > MAX_LINE + 1) yield rest;
  }
  if (rest !== '') yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

function bad(what: string, expected: string, got: string, where: string): ModwireError {
  const shown = got.length > MAX_SHOWN ? `${got.slice(0, MAX_SHOWN)}…` : got;
  return new ModwireError('INVALID_ARGUMENT', { what, expected, got: JSON.stringify(shown), where });
}

function fileError(path: string, thrown: unknown): unknown {
  const { code, message } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof ModwireError || code === undefined) return thrown;
  const expected = `a CSV file with the columns ${TRACE_HEADER}`;
  const detail = { what: 'cannot read the trace', expected, got: message, where: path, cause: thrown };
  if (code === 'ENOENT' || code === 'ENOTDIR') return new ModwireError('NOT_FOUND', detail);
  if (code === 'EACCES' || code === 'EPERM') return new ModwireError('PERMISSION_DENIED', detail);
  return new ModwireError('INVALID_ARGUMENT', detail);
}
