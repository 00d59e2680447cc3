import { type ErrorCode, type ErrorDetail, ModwireError, toModwireError } from '../errors.js';

/** Headers that a route may read: a transport passes on no others. */
const ROUTE_HEADERS = [
  ...(['host', 'origin', 'accept', 'content-encoding'] as const),
  ...(['traceparent', 'tracestate', 'baggage'] as const),
  ...(['modwire-timeout-ms', 'modwire-priority', 'modwire-key', 'modwire-idempotent'] as const),
  ...(['modwire-version', 'modwire-explain'] as const),
  'inference-header-content-length',
] as const;

export type RouteHeader = (typeof ROUTE_HEADERS)[number];

/** A plain HTTP request without its body. */
export interface HttpHead {
  readonly method: string;
  /** Without the query, as it came: not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The media type in lower case, without parameters; empty when there is none. */
  readonly contentType: string;
  /** Of those that routes read; empty for one that is not there. */
  readonly headers: Readonly<Record<RouteHeader, string>>;
  /** Whether a body follows. */
  readonly hasBody: boolean;
}

/** A plain HTTP request, complete with its body. */
export interface HttpRequest extends Omit<HttpHead, 'hasBody'> {
  readonly body: Uint8Array;
  /** Fires when the peer is gone: nobody reads the answer. */
  readonly gone: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  /** Methods that would be answered, for status 405. */
  readonly allow?: string;
  /** Others, whose values are of visible ASCII characters and spaces. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Its body comes bit by bit, and `body` is empty. */
  readonly stream?: HttpStream;
}

/** A body that comes bit by bit, at the pace of whoever reads it. */
export interface HttpStream {
  /** A few bytes that come next, or that mean nothing wherever they stand: with them a transport goes on with what it holds. */
  nudge(): string | Uint8Array;
  /** Called once, when the head of the answer is on its way. */
  start(sink: HttpSink): void;
  /** The peer has taken what was written. */
  drained(): void;
  /** Resolves when its end has been written, or the peer is gone. */
  readonly ended: Promise<void>;
}

/** Where a body goes bit by bit. When the peer is gone everything is lost, silently: the request's signal says so. */
export interface HttpSink {
  /** Takes the bytes as they are: nobody changes them. False when the peer does not keep up: the stream is told when it has. */
  write(bit: string | Uint8Array): boolean;
  end(): void;
}

export const JSON_TYPE = 'application/json';
export const BYTES_TYPE = 'application/octet-stream';

/** The head of a request as a transport has it; `header` answers for a name in lower case, with nothing or empty for none. */
export function readHead(
  method: string,
  path: string,
  query: string,
  header: (name: string) => string | undefined,
): HttpHead {
  const headers = Object.fromEntries(ROUTE_HEADERS.map((name) => [name, header(name) ?? '']));
  const length = header('content-length') || '0';
  return {
    ...{ method: method.toUpperCase(), path, query: new URLSearchParams(query) },
    contentType: mediaType(header('content-type') ?? ''),
    headers: headers as Record<RouteHeader, string>,
    hasBody: Number(length) !== 0 || Boolean(header('transfer-encoding')),
  };
}

/** The media type that a Content-Type header names. */
export function mediaType(header: string): string {
  return header.split(';', 1)[0]!.trim().toLowerCase();
}

export function jsonReply(status: number, value: unknown): HttpReply {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(value)}\n` };
}

/** An error of the table as a reply. */
export function problem(status: number, code: ErrorCode, message: string): HttpReply {
  return jsonReply(status, { code, message });
}

/** An error for which HTTP has a status of its own. */
export class HttpError extends ModwireError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, detail: ErrorDetail) {
    super(code, detail);
    this.status = status;
  }
}

/** Anything thrown as a reply. */
export function problemOf(thrown: unknown): HttpReply {
  const error = toModwireError(thrown);
  const status = error instanceof HttpError ? error.status : error.row.httpStatus;
  return problem(status, error.code, error.message);
}

/** The reply to a method that a path does not have. */
export function notAllowed(method: string, allowed: readonly string[]): HttpReply {
  const message = `method not allowed: expected ${allowed.join(' or ')}, got ${method}`;
  return { ...problem(405, 'INVALID_ARGUMENT', message), allow: allowed.join(', ') };
}

/** The error of a body whose media type a route does not read. */
export function unsupportedType(expected: readonly string[], got: string): HttpError {
  return new HttpError(415, 'INVALID_ARGUMENT', {
    what: 'content type not supported',
    expected: expected.join(' or '),
    got: got || 'none',
  });
}
