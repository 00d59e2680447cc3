import type { Limits } from '../limits.js';
import type { BrokerAudience } from './session.js';
import type { Transport } from './transport.js';

/** Told before bytes leave for an audience. */
export type BeforePublish = (audience: BrokerAudience, byteLength: number) => void;

/**
 * Gathers the frames of one turn of the event loop per audience and sends them as one message each. Gathering is
 * what makes small frames cheap: a message costs the same system call whether it carries one frame or hundreds.
 */
export class FanOut {
  readonly #transport: Pick<Transport, 'publish'>;
  readonly #gatherBytes: number;
  readonly #maxBuffers: number;
  readonly #beforePublish: BeforePublish;
  readonly #afterFlush: () => void;
  readonly #dirty: BrokerAudience[] = [];
  readonly #free: Uint8Array[] = [];
  #scheduled = false;

  constructor(
    transport: Pick<Transport, 'publish'>,
    limits: Limits,
    beforePublish: BeforePublish,
    afterFlush: () => void,
  ) {
    this.#transport = transport;
    this.#gatherBytes = limits.gatherBytes;
    this.#maxBuffers = limits.gatherBuffers;
    this.#beforePublish = beforePublish;
    this.#afterFlush = afterFlush;
  }

  /** Takes whole frames, `from` to `to` of `bytes`, for an audience. They are copied or sent before it returns. */
  gather(audience: BrokerAudience, bytes: Uint8Array, from: number, to: number): void {
    const delivery = audience.state;
    if (delivery.activeCount === 0) return;
    const byteLength = to - from;
    // What would fill most of a buffer goes as it is: copying would gather nothing.
    const direct = byteLength * 2 > this.#gatherBytes;
    if (direct || delivery.gatheredBytes + byteLength > this.#gatherBytes) this.#publishGathered(audience);
    if (direct) {
      this.#publish(audience, bytes.subarray(from, to));
      this.schedule();
      return;
    }
    if (delivery.gathered === undefined) {
      if (this.#dirty.length >= this.#maxBuffers) this.flush();
      delivery.gathered = this.#free.pop() ?? new Uint8Array(this.#gatherBytes);
      this.#dirty.push(audience);
      this.schedule();
    }
    delivery.gathered.set(bytes.subarray(from, to), delivery.gatheredBytes);
    delivery.gatheredBytes += byteLength;
  }

  /** Sends what is gathered for one audience: something that is for others is to come after it. */
  flushAudience(audience: BrokerAudience): void {
    this.#publishGathered(audience);
  }

  /** Sends everything gathered. Afterwards every admitted frame has left or passed its audience by. */
  flush(): void {
    for (const audience of this.#dirty) {
      this.#publishGathered(audience);
      this.#free.push(audience.state.gathered!);
      audience.state.gathered = undefined;
    }
    this.#dirty.length = 0;
  }

  /** Asks for a flush at the end of this turn of the event loop. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
      this.#afterFlush();
    });
  }

  #publishGathered(audience: BrokerAudience): void {
    const { gathered, gatheredBytes } = audience.state;
    if (gathered === undefined || gatheredBytes === 0) return;
    audience.state.gatheredBytes = 0;
    this.#publish(audience, gathered.subarray(0, gatheredBytes));
  }

  #publish(audience: BrokerAudience, bytes: Uint8Array): void {
    if (audience.state.activeCount === 0) return;
    this.#beforePublish(audience, bytes.length);
    this.#transport.publish(audience.topic, bytes);
  }
}
