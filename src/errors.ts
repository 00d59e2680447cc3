/**
 * The closed table of errors: everything that Modwire refuses or fails at has one of these names.
 * Numbers travel on the wire and never change. Where gRPC has the name, number and meaning are gRPC's.
 */
export const ERRORS = {
  /** The caller withdrew: its AbortSignal fired or it closed the client. */
  CANCELLED: row(1, 'caller', false, true, 499, 20),
  /** The input is wrong whatever the state: a bad subject, option, argument or configuration value. */
  INVALID_ARGUMENT: row(3, 'caller', false, false, 400, 2),
  /** Not done by its deadline. */
  DEADLINE_EXCEEDED: row(4, 'time', true, true, 504, 21),
  /** The named thing does not exist. */
  NOT_FOUND: row(5, 'caller', false, false, 404, 22),
  /** The name or number is taken. */
  ALREADY_EXISTS: row(6, 'caller', false, false, 409, 23),
  /** Known who asks, and not allowed. */
  PERMISSION_DENIED: row(7, 'caller', false, false, 403, 24),
  /** A limit is reached; the message names it. */
  RESOURCE_EXHAUSTED: row(8, 'capacity', true, false, 429, 25),
  /** Right input at the wrong time: publishing on a closed client, a second hello. */
  FAILED_PRECONDITION: row(9, 'caller', false, false, 412, 26),
  /** This version does not know it. */
  UNIMPLEMENTED: row(12, 'caller', false, false, 501, 27),
  /** A defect of Modwire. */
  INTERNAL: row(13, 'service', false, true, 500, 70),
  /** Nobody there at present: broker gone, draining, or not reached; or the worker of a request is lost. */
  UNAVAILABLE: row(14, 'service', true, true, 503, 69),
  /** What was stored is damaged: it is not served. */
  DATA_LOSS: row(15, 'service', false, true, 500, 34),
  /** Not known who asks. */
  UNAUTHENTICATED: row(16, 'caller', false, false, 401, 28),
  /** Bytes that are no frame or control message; the message says which rule and where. */
  MALFORMED_FRAME: row(32, 'caller', false, false, 400, 65),
  /** The peer broke the order of the protocol: no hello in time, a control message out of place. */
  PROTOCOL_VIOLATION: row(33, 'caller', false, false, 400, 76),
  /** Surely not processed; may be tried elsewhere at once. */
  REJECTED: row(34, 'service', true, false, 503, 29),
  /** The subscriber read too slowly and was cut off; it is told what it missed. */
  SLOW_CONSUMER: row(35, 'capacity', true, false, 503, 30),
  /** The payload does not keep the contract of its subject: of no version of it, or not as its version says. */
  CONTRACT_VIOLATION: row(36, 'caller', false, false, 422, 31),
  /** The version of a schema would break readers or writers that the contract's compatibility level protects. */
  INCOMPATIBLE_SCHEMA: row(37, 'caller', false, false, 409, 32),
  /** Nobody serves the subject of a request. */
  NO_RESPONDERS: row(38, 'service', true, false, 503, 33),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorRow {
  /** On the wire. */
  readonly number: number;
  /** Who or what is at fault. */
  readonly category: 'caller' | 'capacity' | 'service' | 'time';
  /** Whether the same attempt may succeed later. */
  readonly retryable: boolean;
  /** Whether the work may have been started, or surely was not. */
  readonly mayHaveStarted: boolean;
  readonly httpStatus: number;
  /** Exit code of the CLI. */
  readonly exitCode: number;
}

function row(
  number: number,
  category: ErrorRow['category'],
  retryable: boolean,
  mayHaveStarted: boolean,
  httpStatus: number,
  exitCode: number,
): ErrorRow {
  return { number, category, retryable, mayHaveStarted, httpStatus, exitCode };
}

/** What a good error says. `what` is one short sentence without a full stop. */
export interface ErrorDetail {
  readonly what: string;
  readonly expected?: string;
  readonly got?: string;
  /** Subject, field path, file or byte offset. */
  readonly where?: string;
  /** What to do. */
  readonly advice?: string;
  /** Whether the work may have been started, where that is known better than the table says. */
  readonly mayHaveStarted?: boolean | undefined;
  readonly cause?: unknown;
}

export class ModwireError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, detail: ErrorDetail | string) {
    const parts = typeof detail === 'string' ? { what: detail } : detail;
    super(sentence(parts), parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'ModwireError';
    this.code = code;
    this.detail = parts;
  }

  get row(): ErrorRow {
    return ERRORS[this.code];
  }

  get retryable(): boolean {
    return this.row.retryable;
  }

  /** False: surely nothing was done. */
  get mayHaveStarted(): boolean {
    return this.detail.mayHaveStarted ?? this.row.mayHaveStarted;
  }

  toJSON(): { code: ErrorCode; number: number; message: string; retryable: boolean } {
    return { code: this.code, number: this.row.number, message: this.message, retryable: this.retryable };
  }
}

function sentence(detail: ErrorDetail): string {
  let text = detail.what;
  if (detail.expected !== undefined) text += `: expected ${detail.expected}`;
  if (detail.got !== undefined) text += `${detail.expected === undefined ? ':' : ','} got ${detail.got}`;
  if (detail.where !== undefined) text += ` (${detail.where})`;
  if (detail.advice !== undefined) text += `; ${detail.advice}`;
  return text;
}

const CODES_BY_NUMBER: ReadonlyMap<number, ErrorCode> = new Map(
  (Object.keys(ERRORS) as ErrorCode[]).map((code) => [ERRORS[code].number, code]),
);

/** The code with this number on the wire; INTERNAL for a number that this version does not know. */
export function errorCodeOf(number: number): ErrorCode {
  return CODES_BY_NUMBER.get(number) ?? 'INTERNAL';
}

/** Any thrown value as an error of the table. */
export function toModwireError(thrown: unknown): ModwireError {
  if (thrown instanceof ModwireError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new ModwireError('CANCELLED', { what: 'aborted by its signal', cause: thrown });
  }
  const what = thrown instanceof Error ? thrown.message : String(thrown);
  return new ModwireError('INTERNAL', { what, cause: thrown });
}
