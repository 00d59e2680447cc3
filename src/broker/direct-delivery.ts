import type { Limits } from '../limits.js';
import type { DirectBuffer } from './direct-buffer.js';
import type { FanOut } from './fan-out.js';
import type { Session } from './session.js';

/** Sends frames to single sessions: those of one turn of the event loop leave as one message each. */
export class DirectDelivery {
  readonly #fanOut: Pick<FanOut, 'schedule'>;
  readonly #gatherBytes: number;
  readonly #maxBuffers: number;
  readonly #dirty: Session[] = [];
  readonly #free: DirectBuffer[] = [];

  constructor(fanOut: Pick<FanOut, 'schedule'>, { gatherBytes, gatherBuffers }: Limits) {
    this.#fanOut = fanOut;
    this.#gatherBytes = gatherBytes;
    this.#maxBuffers = gatherBuffers;
  }

  /** Takes whole frames, `from` to `to` of `bytes`. They are copied or sent before it returns. */
  send(session: Session, bytes: Uint8Array, from: number, to: number): void {
    if (session.closed) return;
    const byteLength = to - from;
    // What would fill most of a buffer goes as it is: copying would gather nothing.
    const direct = byteLength * 2 > this.#gatherBytes;
    if (session.direct !== undefined && (direct || session.direct.used + byteLength > this.#gatherBytes)) {
      this.flushSession(session);
    }
    if (direct) {
      session.sendBytes(bytes.subarray(from, to));
      return;
    }
    if (session.direct === undefined) {
      if (this.#dirty.length >= this.#maxBuffers) this.flush();
      session.direct = this.#free.pop() ?? { bytes: new Uint8Array(this.#gatherBytes), used: 0 };
      this.#dirty.push(session);
      this.#fanOut.schedule();
    }
    session.direct.bytes.set(bytes.subarray(from, to), session.direct.used);
    session.direct.used += byteLength;
  }

  /** Sends what is gathered for one session: something that is for it is to come after that. */
  flushSession(session: Session): void {
    const { direct } = session;
    if (direct === undefined || direct.used === 0) return;
    const { used } = direct;
    direct.used = 0;
    if (!session.closed) session.sendBytes(direct.bytes.subarray(0, used));
  }

  /** Sends everything gathered. */
  flush(): void {
    for (const session of this.#dirty) {
      this.flushSession(session);
      this.#free.push(session.direct!);
      session.direct = undefined;
    }
    this.#dirty.length = 0;
  }
}
