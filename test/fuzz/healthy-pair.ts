import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, connect } from 'modwire';

const SUBJECTS = ['healthy.a', 'healthy.b', 'healthy.c'];
/** Frames that leave in one turn, and the pause after it. Milliseconds. */
const BURST = 8;
const PAUSE_MS = 2;
const SETTLE_MS = 10_000;

/**
 * A publisher and a subscriber who do nothing wrong while others do. Whatever the one publishes the other must get:
 * all of it, once, in order, over one connection.
 */
export class HealthyPair {
  readonly #publisher: Client;
  readonly #subscriber: Client;
  readonly #published = SUBJECTS.map(() => 0);
  readonly #received = SUBJECTS.map(() => 0);
  #complaint: string | undefined;
  #stopping = false;
  #publishing: Promise<void> = Promise.resolve();

  private constructor(publisher: Client, subscriber: Client) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
  }

  /** Connects and begins to publish. */
  static async start(url: string): Promise<HealthyPair> {
    const publisher = await connect(url, { name: 'healthy-publisher', reconnect: false });
    const subscriber = await connect(url, { name: 'healthy-subscriber', reconnect: false });
    const pair = new HealthyPair(publisher, subscriber);
    await pair.#begin();
    return pair;
  }

  /** What went wrong first; undefined when nothing did. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** Messages that arrived so far. */
  get received(): number {
    return this.#received.reduce((sum, count) => sum + count, 0);
  }

  /** Stops publishing and waits until all has arrived. Then `complaint` has the last word. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#publishing;
    if (this.#complaint === undefined) await this.#publisher.flush();
    const deadline = Date.now() + SETTLE_MS;
    while (this.#complaint === undefined && !this.#complete() && Date.now() < deadline) await sleep(10);
    if (!this.#complete()) this.#complain(`${this.#published} were published and ${this.#received} arrived`);
    await this.close();
  }

  async close(): Promise<void> {
    this.#stopping = true;
    await Promise.allSettled([this.#publisher.close(), this.#subscriber.close()]);
  }

  async #begin(): Promise<void> {
    for (const [who, client] of [
      ['publisher', this.#publisher] as const,
      ['subscriber', this.#subscriber] as const,
    ]) {
      for (const event of ['gap', 'slow', 'disconnect', 'error'] as const) {
        client.on(event, (detail: unknown) => {
          if (!this.#stopping) this.#complain(`${event} at the ${who}: ${describe(detail)}`);
        });
      }
    }
    await this.#subscriber.subscribe('healthy.*', (frame) => {
      const index = SUBJECTS.indexOf(frame.subject);
      const number = (frame.json() as { number: number }).number;
      const expected = this.#received[index]!++;
      if (number !== expected) this.#complain(`${frame.subject} brought ${number} instead of ${expected}`);
      if (frame.sequence !== expected + 1) {
        this.#complain(`${frame.subject} has the sequence ${frame.sequence} at its message ${expected + 1}`);
      }
    });
    this.#publishing = this.#publish().catch((error) => this.#complain(describe(error)));
  }

  async #publish(): Promise<void> {
    while (!this.#stopping && this.#complaint === undefined) {
      for (let count = 0; count < BURST; count++) {
        const index = count % SUBJECTS.length;
        const number = this.#published[index]!++;
        if (!this.#publisher.publish(SUBJECTS[index]!, { number })) await this.#publisher.ready();
      }
      await sleep(PAUSE_MS);
    }
  }

  #complete(): boolean {
    return this.#published.every((count, index) => count === this.#received[index]);
  }

  #complain(what: string): void {
    this.#complaint ??= what;
  }
}

function describe(detail: unknown): string {
  return detail instanceof Error
    ? detail.message
    : JSON.stringify(detail, (_, part) => (part instanceof Error ? part.message : part));
}
