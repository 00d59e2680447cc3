import type { DirectDelivery } from '../direct-delivery.js';
import type { Session } from '../session.js';
import type { Call } from './call.js';
import type { Caller } from './caller.js';

/** A client as the caller of its requests. */
export class SessionCaller implements Caller {
  readonly calls = new Set<Call>();
  readonly #session: Session;
  readonly #direct: DirectDelivery;

  constructor(session: Session, direct: DirectDelivery) {
    this.#session = session;
    this.#direct = direct;
  }

  deliver(bytes: Uint8Array, start: number, end: number): void {
    this.#direct.send(this.#session, bytes, start, end);
  }
}
