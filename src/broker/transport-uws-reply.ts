import type { HttpResponse } from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import type { HttpReply, HttpSink, HttpStream } from './http-message.js';

/** Sends an answer. Without its body, for HEAD, its length is said. `closes` ends the connection with it. */
export function reply(res: HttpResponse, answer: HttpReply, withBody = true, closes = false): void {
  res.cork(() => {
    writeHead(res, answer);
    if (withBody) res.end(answer.body as string, closes);
    else {
      // With the length as its argument it would wait for the body, and abort the process because none comes.
      res.writeHeader('Content-Length', `${Buffer.byteLength(answer.body)}`);
      res.endWithoutBody();
    }
  });
}

/** Sends an answer whose body comes bit by bit. `ended` is called once, when no more of it will come. */
export function streamReply(
  res: HttpResponse,
  answer: HttpReply,
  stream: HttpStream,
  gone: AbortSignal,
  ended: () => void,
): void {
  const sink = new UwsSink(res, gone, ended);
  res.onWritable(() => {
    sink.writable(stream);
    return true;
  });
  res.cork(() => writeHead(res, answer));
  stream.start(sink);
}

class UwsSink implements HttpSink {
  readonly #res: HttpResponse;
  readonly #ended: () => void;
  #over = false;

  constructor(res: HttpResponse, gone: AbortSignal, ended: () => void) {
    this.#res = res;
    this.#ended = ended;
    gone.addEventListener('abort', () => this.#finish());
  }

  write(bit: string | Uint8Array): boolean {
    if (this.#over) return true;
    let isTaken = true;
    this.#res.cork(() => {
      isTaken = this.#res.write(bit);
    });
    return isTaken;
  }

  end(): void {
    if (this.#over) return;
    this.#res.cork(() => this.#res.end());
    this.#finish();
  }

  /** The peer takes more. What uWebSockets.js holds goes out only with something new. */
  writable(stream: HttpStream): void {
    if (!this.#over && this.write(stream.nudge())) stream.drained();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended();
  }
}

function writeHead(res: HttpResponse, { status, contentType, allow, headers = {} }: HttpReply): void {
  res.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
  res.writeHeader('Content-Type', contentType);
  if (allow !== undefined) res.writeHeader('Allow', allow);
  for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
}
