import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../client/client.js';
import type { PublishAck } from '../client/publish-options.js';
import { ModwireError, toModwireError } from '../errors.js';
import type { MessageInput } from './publish-input.js';

/** Messages that may wait for their acknowledgement at once. */
const MAX_UNACKNOWLEDGED = 1_024;

export interface PublishPlan {
  readonly subject: string;
  readonly message: MessageInput;
  /** How many times. */
  readonly count: number;
  /** Pause between two messages. Milliseconds. */
  readonly intervalMs: number;
  /** Whether each message is acknowledged. */
  readonly ack: boolean;
  /** Ends it early: nothing more is published, what is under way is awaited. */
  readonly interrupted: AbortSignal;
  /** Told of each acknowledgement, in the order of publishing. */
  readonly acknowledged: (ack: PublishAck) => Promise<void>;
}

/**
 * Publishes and resolves when the broker has taken everything. Otherwise it rejects with the first error, after
 * everything under way has been answered; the error says how much was acknowledged.
 */
export async function publishAll(client: Client, plan: PublishPlan): Promise<void> {
  const run = new PublishRun(client, plan);
  await (plan.ack ? run.acknowledged() : run.unacknowledged());
}

class PublishRun {
  readonly #client: Client;
  readonly #plan: PublishPlan;
  readonly #stop = new AbortController();
  #failure: ModwireError | undefined;
  #acknowledgedCount = 0;

  constructor(client: Client, plan: PublishPlan) {
    this.#client = client;
    this.#plan = plan;
    client.on('error', (error) => this.#fail(error));
    client.on('disconnect', ({ code, detail }) => this.#fail(connectionLost(code, detail)));
    const interrupt = () => this.#fail(new ModwireError('CANCELLED', 'interrupted'));
    if (plan.interrupted.aborted) interrupt();
    else plan.interrupted.addEventListener('abort', interrupt, { once: true });
  }

  async acknowledged(): Promise<void> {
    const { subject, message, count, acknowledged } = this.#plan;
    const waiting: Promise<void>[] = [];
    await this.#each(async () => {
      const answer = this.#client.publish(subject, message.payload, { ...message.options, ack: true });
      const told = answer.then((ack) => {
        this.#acknowledgedCount++;
        return acknowledged(ack);
      });
      waiting.push(told.catch((thrown) => this.#fail(thrown)));
      if (waiting.length >= MAX_UNACKNOWLEDGED) await waiting.shift();
    });
    await Promise.all(waiting);
    // A connection that breaks after the last answer takes nothing back.
    if (this.#acknowledgedCount < count) this.#throwFailure();
  }

  async unacknowledged(): Promise<void> {
    const { subject, message } = this.#plan;
    await this.#each(async () => {
      this.#client.publish(subject, message.payload, message.options);
    });
    // Also after an interruption: what was published is on its way.
    await this.#client.flush().catch((thrown) => this.#fail(thrown));
    this.#throwFailure();
  }

  /** Calls `publish` as often as planned, as fast as the interval and the broker's window allow, until a failure. */
  async #each(publish: () => Promise<void>): Promise<void> {
    const { count, intervalMs } = this.#plan;
    const { signal } = this.#stop;
    try {
      for (let index = 0; index < count && !signal.aborted; index++) {
        if (index > 0 && intervalMs > 0) await sleep(intervalMs, undefined, { signal });
        await publish();
        await this.#client.ready({ signal });
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** The first failure is the cause; others follow from it. */
  #fail(thrown: unknown): void {
    this.#failure ??= toModwireError(thrown);
    this.#stop.abort();
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const { ack, count } = this.#plan;
    if (!ack || count === 1) throw this.#failure;
    const { code, detail } = this.#failure;
    const taken = `${this.#acknowledgedCount} of ${count} messages were acknowledged`;
    const advice = detail.advice === undefined ? taken : `${taken}; ${detail.advice}`;
    throw new ModwireError(code, { ...detail, advice });
  }
}

function connectionLost(code: number, detail: string): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'the connection was lost',
    got: detail === '' ? `close code ${code}` : detail,
  });
}
