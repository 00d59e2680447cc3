import { type IncomingMessage, request as requestHttp } from 'node:http';
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

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Of an answer. Bytes. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * One HTTP request and its whole answer. Rejects with UNAVAILABLE when the broker cannot be reached, DEADLINE_EXCEEDED,
 * CANCELLED, RESOURCE_EXHAUSTED for an answer that is too large.
 */
export function call({ method, url, body, contentType, timeoutMs, signal }: HttpCall): Promise<HttpAnswer> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => asked.destroy(tooLate(url, timeoutMs)), timeoutMs);
    const fail = (cause: Error) => {
      clearTimeout(deadline);
      if (cause instanceof ModwireError) reject(cause);
      else if (signal.aborted) reject(new ModwireError('CANCELLED', { what: 'interrupted', cause }));
      else reject(unreachable(url, cause));
    };
    const headers = {
      Accept: 'application/json',
      ...(contentType !== undefined && { 'Content-Type': contentType }),
      'Content-Length': body?.length ?? 0,
    };
    // Without a pool, whose connections would outlive the command.
    const asked = send(url, { method, headers, agent: false, signal }, (answer) => {
      readBody(answer).then((bytes) => {
        clearTimeout(deadline);
        const { statusCode: status = 0, headers: named } = answer;
        resolve({ status, contentType: named['content-type'] ?? '', body: bytes });
      }, fail);
    });
    asked.on('error', fail);
    asked.end(body);
  });
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
