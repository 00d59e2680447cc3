import type { ModwireError } from '../errors.js';
import type { Link } from './link.js';
import { notConnected } from './not-connected.js';
import { PendingAnswers } from './pending-answers.js';

/** Nonces below this are the heartbeat's. */
const FIRST_NONCE = 2 ** 32;

/** Asks the broker for an answer behind everything that was sent before. */
export class RoundTrips {
  readonly #link: Link;
  readonly #pongs: PendingAnswers<number, void>;
  #nextNonce = FIRST_NONCE;

  /** `awaiting` is told when somebody begins to wait, and when nobody does any more. */
  constructor(link: Link, answerMs: number, awaiting: () => void) {
    this.#link = link;
    this.#pongs = new PendingAnswers('pong', answerMs, awaiting);
  }

  get awaited(): boolean {
    return this.#pongs.size > 0;
  }

  async make(signal: AbortSignal | undefined): Promise<void> {
    const nonce = this.#nextNonce++;
    const pong = this.#pongs.wait(nonce, signal);
    if (!this.#link.send({ type: 'ping', nonce })) this.#pongs.reject(nonce, notConnected());
    await pong;
  }

  answered(nonce: number): void {
    this.#pongs.resolve(nonce, undefined);
  }

  /** The connection is gone. */
  lost(error: ModwireError): void {
    this.#pongs.rejectAll(error);
  }
}
