import { type HttpReply, problem } from './http-message.js';

export interface HttpBodyLimits {
  /** Bytes of one body. */
  readonly maxBytes: number;
  /** Bodies that arrive at once. */
  readonly maxBodies: number;
  /** Time for one to arrive. Milliseconds. */
  readonly timeoutMs: number;
}

/** The bodies of HTTP requests that are under way. */
export class HttpBodies {
  readonly #limits: HttpBodyLimits;
  readonly #open = new Set<HttpBody>();

  constructor(limits: HttpBodyLimits) {
    this.#limits = limits;
  }

  /** A body that begins to arrive. `done` is called once: with its bytes, or with the reply that refuses it. */
  begin(done: (body: Uint8Array | HttpReply) => void): HttpBody {
    const { maxBytes, maxBodies, timeoutMs } = this.#limits;
    const body = new HttpBody(maxBytes, timeoutMs, (outcome) => {
      this.#open.delete(body);
      done(outcome);
    });
    this.#open.add(body);
    if (this.#open.size > maxBodies) {
      body.refuse(problem(503, 'RESOURCE_EXHAUSTED', `more than maxHttpRequests = ${maxBodies} at once`));
    }
    return body;
  }

  /** The peer of one is gone. */
  end(body: HttpBody): void {
    body.abandon();
    this.#open.delete(body);
  }

  /** Gives up all of them. */
  abandon(): void {
    for (const body of this.#open) body.abandon();
    this.#open.clear();
  }
}

export class HttpBody {
  readonly #maxBytes: number;
  readonly #done: (outcome: Uint8Array | HttpReply) => void;
  readonly #timer: ReturnType<typeof setTimeout>;
  #chunks: Uint8Array[] = [];
  #byteLength = 0;
  #over = false;

  constructor(maxBytes: number, timeoutMs: number, done: (outcome: Uint8Array | HttpReply) => void) {
    this.#maxBytes = maxBytes;
    this.#done = done;
    this.#timer = setTimeout(
      () => this.refuse(problem(408, 'DEADLINE_EXCEEDED', `the body took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
  }

  /** Takes bytes, which are the caller's again afterwards. */
  add(chunk: Uint8Array, isLast: boolean): void {
    if (this.#over) return;
    this.#byteLength += chunk.length;
    if (this.#byteLength > this.#maxBytes) {
      const message = `body too large: expected at most maxHttpBodyBytes = ${this.#maxBytes} bytes`;
      this.refuse(problem(413, 'RESOURCE_EXHAUSTED', message));
      return;
    }
    if (chunk.length > 0) this.#chunks.push(chunk.slice());
    if (isLast) this.#end(join(this.#chunks, this.#byteLength));
  }

  refuse(reply: HttpReply): void {
    if (!this.#over) this.#end(reply);
  }

  /** The peer is gone: nobody waits for what becomes of it. */
  abandon(): void {
    this.#over = true;
    this.#chunks = [];
    clearTimeout(this.#timer);
  }

  #end(outcome: Uint8Array | HttpReply): void {
    this.abandon();
    this.#done(outcome);
  }
}

function join(chunks: readonly Uint8Array[], byteLength: number): Uint8Array {
  const body = new Uint8Array(byteLength);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
