import type { Limits } from '../limits.js';
import type { DirectBuffer } from './direct-buffer.js';
import type { FanOut } from './fan-out.js';
import type { BrokerMember, Session } from './session.js';

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
    if (this.#isLarge(byteLength)) {
      this.flushSession(session);
      session.sendBytes(bytes.subarray(from, to));
    } else append(this.#bufferFor(session, byteLength), bytes.subarray(from, to));
  }

  /** The same for one of a session's subscriptions alone: the Share that says so goes before it in the same message. */
  sendShare(member: BrokerMember, bytes: Uint8Array, from: number, to: number): void {
    const { session, number, share } = member;
    if (session.closed) return;
    const byteLength = share.length + to - from;
    if (this.#isLarge(byteLength)) {
      this.flushSession(session);
      const message = new Uint8Array(byteLength);
      message.set(share);
      message.set(bytes.subarray(from, to), share.length);
      session.sendBytes(message);
      return;
    }
    const buffer = this.#bufferFor(session, byteLength);
    if (buffer.share !== number) append(buffer, share);
    buffer.share = number;
    append(buffer, bytes.subarray(from, to));
  }

  /** Sends what is gathered for one session: something that is for it is to come after that. */
  flushSession(session: Session): void {
    const { direct } = session;
    if (direct === undefined || direct.used === 0) return;
    const { used } = direct;
    direct.used = 0;
    direct.share = 0;
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

  /** What would fill most of a buffer goes as it is: copying would gather nothing. */
  #isLarge(byteLength: number): boolean {
    return byteLength * 2 > this.#gatherBytes;
  }

  /** A session's buffer, with room for so many bytes more. */
  #bufferFor(session: Session, byteLength: number): DirectBuffer {
    if (session.direct !== undefined && session.direct.used + byteLength > this.#gatherBytes) {
      this.flushSession(session);
    }
    if (session.direct === undefined) {
      if (this.#dirty.length >= this.#maxBuffers) this.flush();
      session.direct = this.#free.pop() ?? { bytes: new Uint8Array(this.#gatherBytes), used: 0, share: 0 };
      this.#dirty.push(session);
      this.#fanOut.schedule();
    }
    return session.direct;
  }
}

function append(buffer: DirectBuffer, bytes: Uint8Array): void {
  buffer.bytes.set(bytes, buffer.used);
  buffer.used += bytes.length;
}
