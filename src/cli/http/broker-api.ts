import { setTimeout as sleep } from 'node:timers/promises';
import { BYTES_TYPE, JSON_TYPE, mediaType } from '../../broker/http-message.js';
import { ERRORS, type ErrorCode, ModwireError } from '../../errors.js';
import { call, callStreaming, type HttpAnswer, type HttpAnswerHead } from './http-call.js';

export type Path = readonly (string | number)[];

export interface Sent {
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Statuses of errors that the caller looks at itself. */
  readonly expected?: readonly number[];
}

export interface ErrorAnswer {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** A broker, over HTTP. What asks rejects as `call` does, and with the error that the broker answers. */
export class BrokerApi {
  readonly #base: URL;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;

  /** `url` is that of the broker, as clients connect to it: `ws://127.0.0.1:7300`. */
  constructor(url: string, timeoutMs: number, signal: AbortSignal) {
    this.#base = new URL(url);
    this.#base.protocol = this.#base.protocol === 'wss:' ? 'https:' : 'http:';
    this.#base.search = '';
    this.#base.hash = '';
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
  }

  /** Whether the command was interrupted. */
  get isInterrupted(): boolean {
    return this.#signal.aborted;
  }

  /** Resolves after so many milliseconds, with true; with false as soon as the command is interrupted. */
  wait(ms: number): Promise<boolean> {
    return sleep(ms, true, { signal: this.#signal }).catch(() => false);
  }

  /** `path` is that below `/v1`. */
  protected async json<Answer>(method: string, path: Path, sent: Sent = {}): Promise<Answer> {
    const { body } = await this.ask(method, path, sent);
    return JSON.parse(body.toString()) as Answer;
  }

  /** Rejects with the error of an answer that is one, unless its status is expected. */
  protected async ask(method: string, path: Path, sent: Sent): Promise<HttpAnswer> {
    const { query = [], expected = [], ...content } = sent;
    const url = this.#urlOf(path, query);
    const answer = await call({ method, url, ...content, timeoutMs: this.#timeoutMs, signal: this.#signal });
    const { status, body } = answer;
    if (isBytes(answer)) return answer;
    const value = mediaType(answer.contentType) === JSON_TYPE ? parsed(body) : undefined;
    if (value === undefined) throw notABroker(url, answer);
    if (status < 300 || expected.includes(status)) return answer;
    throw refused(value);
  }

  /** Bytes as they come, however many. Rejects, and so does what it resolves to, with the error of an answer that is one. */
  protected async bytes(path: Path, query: Sent['query'] = []): Promise<AsyncIterable<Uint8Array>> {
    const url = this.#urlOf(path, query);
    const sent = { method: 'GET', url, timeoutMs: this.#timeoutMs, signal: this.#signal };
    const answer = await callStreaming(sent);
    if (isBytes(answer)) return answer.body;
    const pieces: Uint8Array[] = [];
    for await (const piece of answer.body) pieces.push(piece);
    const value = mediaType(answer.contentType) === JSON_TYPE ? parsed(Buffer.concat(pieces)) : undefined;
    throw value === undefined ? notABroker(url, answer) : refused(value);
  }

  #urlOf(path: Path, query: NonNullable<Sent['query']>): URL {
    const url = new URL(this.#base);
    const parts = ['v1', ...path].map((part) => encodeURIComponent(part));
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${parts.join('/')}`;
    for (const [name, value] of query) url.searchParams.append(name, value);
    return url;
  }
}

function isBytes({ status, contentType }: HttpAnswerHead): boolean {
  return mediaType(contentType) === BYTES_TYPE && status === 200;
}

function parsed(body: Buffer): ErrorAnswer | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An answer's error as one of the table. */
export function refused({ code, message }: ErrorAnswer): ModwireError {
  const known = typeof code === 'string' && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'INTERNAL';
  return new ModwireError(known, typeof message === 'string' ? message : 'the broker does not say why');
}

function notABroker(url: URL, { status, contentType }: HttpAnswerHead): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'what answers there is no broker',
    expected: 'JSON',
    got: `HTTP status ${status}, ${contentType || 'no content type'}`,
    where: url.origin,
    advice: 'say where the broker is with --url or MODWIRE_URL',
  });
}
