import { monotonicMs } from './clock.js';
import type { ConsumerPressure } from './consumer-pressure.js';
import type { Consuming } from './consumers/consuming.js';
import type { Ingress } from './ingress.js';
import type { Session } from './session.js';
import type { SlowConsumers } from './slow-consumers.js';
import type { Recovery } from './streams/recovery.js';
import type { ConnectionHandlers } from './transport.js';

/** The transport's side of one session. A class, so that an idle connection costs no closures but one. */
export class SessionHandlers implements ConnectionHandlers {
  readonly #session: Session;
  readonly #ingress: Ingress;
  readonly #pressure: ConsumerPressure;
  readonly #slowConsumers: SlowConsumers;
  readonly #recovery: Recovery;
  readonly #consuming: Consuming;
  readonly #closed: (code: number) => void;

  constructor(
    session: Session,
    ingress: Ingress,
    pressure: ConsumerPressure,
    slowConsumers: SlowConsumers,
    recovery: Recovery,
    consuming: Consuming,
    closed: (code: number) => void,
  ) {
    this.#session = session;
    this.#ingress = ingress;
    this.#pressure = pressure;
    this.#slowConsumers = slowConsumers;
    this.#recovery = recovery;
    this.#consuming = consuming;
    this.#closed = closed;
  }

  message(bytes: Uint8Array): void {
    this.#ingress.message(this.#session, bytes, monotonicMs());
  }

  text(): void {
    this.#ingress.text(this.#session);
  }

  drain(): void {
    this.#pressure.drained(this.#session);
    if (this.#session.slow !== undefined && this.#pressure.hasCaughtUp(this.#session)) {
      this.#slowConsumers.resume(this.#session);
    }
    this.#recovery.goOn(this.#session);
    this.#consuming.goOn(this.#session);
  }

  close(code: number): void {
    this.#closed(code);
  }
}
