import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { ModwireError } from '../../errors.js';

export interface HttpCall {
  readonly method: string;
  readonly url: URL;
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Until the whole answer is there. Milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswerHead {
  readonly status: number;
  readonly contentType: string;
}

export interface HttpAnswer extends HttpAnswerHead {
  readonly body: Buffer;
}

/** An answer that is read as it comes. */
export interface StreamedAnswer extends HttpAnswerHead {
  readonly body: AsyncIterable<Uint8Array>;
}

/** Of an answer. Bytes. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * One HTTP request and its whole answer. Rejects with UNAVAILABLE when the broker cannot be reached, DEADLINE_EXCEEDED,
 * CANCELLED, RESOURCE_EXHAUSTED for an answer that is too large.
 */
export function call(what: HttpCall): Promise<HttpAnswer> {
  const { url, timeoutMs } = what;
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => asked.destroy(tooLate(url, timeoutMs)), timeoutMs);
    const fail = (cause: Error) => {
      clearTimeout(deadline);
      reject(failure(what, cause));
    };
    const asked = send(what, (answer) => {
      readBody(answer).then((body) => {
        clearTimeout(deadline);
        resolve({ ...headOf(answer), body });
      }, fail);
    });
    asked.on('error', fail);
    asked.end(what.body);
  });
}

/** The same, with an answer of any length. `timeoutMs` is how long nothing may come. Its body rejects as this does. */
export function callStreaming(what: HttpCall): Promise<StreamedAnswer> {
  const { url, timeoutMs } = what;
  return new Promise((resolve, reject) => {
    const asked = send(what, (answer) => resolve({ ...headOf(answer), body: piecesOf(answer, what) }));
    asked.setTimeout(timeoutMs, () => asked.destroy(tooLate(url, timeoutMs)));
    asked.on('error', (cause) => reject(failure(what, cause)));
    asked.end(what.body);
  });
}

function send(
  { method, url, body, contentType, signal }: HttpCall,
  answered: (answer: IncomingMessage) => void,
): ClientRequest {
  const headers = {
    Accept: 'application/json',
    ...(contentType !== undefined && { 'Content-Type': contentType }),
    'Content-Length': body?.length ?? 0,
  };
  // Without a pool, whose connections would outlive the command.
  const options = { method, headers, agent: false, signal };
  return (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, answered);
}

function headOf({ statusCode, headers }: IncomingMessage): HttpAnswerHead {
  return { status: statusCode ?? 0, contentType: headers['content-type'] ?? '' };
}

async function* piecesOf(answer: IncomingMessage, what: HttpCall): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of answer) yield piece as Buffer;
  } catch (cause) {
    throw failure(what, cause as Error);
  }
}

function failure({ url, signal }: HttpCall, cause: Error): ModwireError {
  if (cause instanceof ModwireError) return cause;
  if (signal.aborted) return new ModwireError('CANCELLED', { what: 'interrupted', cause });
  return unreachable(url, cause);
}

async function readBody(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    length += (chunk as Buffer).length;
    if (length > MAX_ANSWER_BYTES) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'the answer is too large',
        expected: `at most ${MAX_ANSWER_BYTES} bytes`,
        got: 'more',
      });
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function unreachable(url: URL, cause: NodeJS.ErrnoException): ModwireError {
  // Node gathers the failures of several addresses in an error without words of its own.
  const got = cause.message || (cause.code ?? cause.name);
  return new ModwireError('UNAVAILABLE', {
    what: 'cannot reach the broker',
    got,
    where: url.origin,
    advice: 'start one with modwire serve, or say where it is with --url or MODWIRE_URL',
    cause,
  });
}

function tooLate(url: URL, timeoutMs: number): ModwireError {
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: 'no answer of the broker in time',
    expected: `within answerMs = ${timeoutMs} ms`,
    got: 'none',
    where: url.origin,
  });
}
