import { encodeControl } from '../../codec/control.js';
import type { DirectDelivery } from '../direct-delivery.js';
import type { Session } from '../session.js';
import type { BrokerCall, BrokerCaller } from './worker-group.js';

/** A client as the caller of its requests. */
export class SessionCaller implements BrokerCaller {
  readonly calls = new Set<BrokerCall>();
  readonly session: Session;
  readonly #direct: DirectDelivery;

  constructor(session: Session, direct: DirectDelivery) {
    this.session = session;
    this.#direct = direct;
  }

  deliver(bytes: Uint8Array, start: number, end: number): void {
    this.#direct.send(this.session, bytes, start, end);
  }

  explain(request: Uint8Array, json: string): void {
    const bytes = encodeControl({ type: 'explanation', request, json });
    this.#direct.send(this.session, bytes, 0, bytes.length);
  }
}
