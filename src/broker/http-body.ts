import { type HttpReply, problem } from './http-message.js';

export interface HttpBodyLimits {
  /** Bytes of one body. */
  readonly maxBytes: number;
  /** Bodies at once: those that arrive, and those of requests that are not answered yet. */
  readonly maxBodies: number;
  /** Time for one to arrive. Milliseconds. */
  readonly timeoutMs: number;
}

/** HTTP requests with a body, from their first byte to their answer: what they hold is bounded. */
export class HttpBodies {
  readonly #limits: HttpBodyLimits;
  readonly #arriving = new Set<HttpBody>();
  #count = 0;

  constructor(limits: HttpBodyLimits) {
    this.#limits = limits;
  }

  /**
   * A body that begins to arrive. Either `complete` or `refuse` is called, once, or neither when the peer goes away; it
   * may be called before this returns. Whoever takes a complete one says with `answered` when it is done with.
   */
  begin(
    complete: (bytes: Uint8Array, answered: () => void) => void,
    refuse: (reply: HttpReply) => void,
  ): HttpBody {
    const { maxBytes, maxBodies, timeoutMs } = this.#limits;
    const body = new HttpBody(maxBytes, timeoutMs, (outcome) => {
      this.#arriving.delete(body);
      if (outcome instanceof Uint8Array) return complete(outcome, () => this.#count--);
      this.#count--;
      refuse(outcome);
    });
    this.#count++;
    this.#arriving.add(body);
    if (this.#count > maxBodies) {
      body.refuse(problem(503, 'RESOURCE_EXHAUSTED', `more than maxHttpRequests = ${maxBodies} at once`));
    }
    return body;
  }

  /** The peer of one is gone. */
  end(body: HttpBody): void {
    if (!this.#arriving.delete(body)) return;
    body.abandon();
    this.#count--;
  }

  /** Gives up those that still arrive. */
  abandon(): void {
    for (const body of this.#arriving) this.end(body);
  }
}

/** One of them while it arrives. */
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
