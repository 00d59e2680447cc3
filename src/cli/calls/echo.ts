import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext } from '../../client/calls/call-context.js';
import type { DescribedReply } from '../../client/calls/described-reply.js';
import type { IncomingRequest } from '../../client/calls/received.js';
import type { PlainHandler } from '../../client/calls/serve-options.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { ModwireError } from '../../errors.js';

export interface EchoPlan {
  /** Before each reply. Milliseconds. */
  readonly delayMs: number;
  /** At most so much longer, at random. Milliseconds. */
  readonly jitterMs: number;
  /** Share of the requests that fail. */
  readonly errorRate: number;
  /** Share of the others that are rejected before anything is done. */
  readonly rejectRate: number;
  /** Replies for each request; undefined for one that is no stream. */
  readonly stream: number | undefined;
  /** After so many requests it has done its part. */
  readonly count: number;
}

/** What has become of requests so far. */
export interface EchoFigures {
  readonly replied: number;
  readonly failed: number;
  readonly rejected: number;
  /** Given up by their callers, or out of time. */
  readonly abandoned: number;
  readonly underWay: number;
}

type Outcome = Exclude<keyof EchoFigures, 'underWay'>;

/** A worker to try things with: it answers with what it is asked, as slowly and as badly as planned. */
export class Echo {
  readonly #plan: EchoPlan;
  readonly #outcomes: Record<Outcome, number> = { replied: 0, failed: 0, rejected: 0, abandoned: 0 };
  readonly #done = new AbortController();
  #begun = 0;

  constructor(plan: EchoPlan) {
    this.#plan = plan;
  }

  get figures(): EchoFigures {
    return { ...this.#outcomes, underWay: this.#begun - this.ended };
  }

  /** Requests that have been answered, or need no answer any more. */
  get ended(): number {
    const { replied, failed, rejected, abandoned } = this.#outcomes;
    return replied + failed + rejected + abandoned;
  }

  /** Fires when it has answered as many requests as planned. */
  get done(): AbortSignal {
    return this.#done.signal;
  }

  readonly answer: PlainHandler = (request, context) => {
    const { stream } = this.#plan;
    return stream === undefined ? this.#reply(request, context) : this.#stream(stream, request, context);
  };

  async #reply(request: IncomingRequest, context: CallContext): Promise<DescribedReply> {
    this.#begin(context);
    let outcome: Outcome = 'failed';
    try {
      await this.#work(context, this.#plan.errorRate);
      outcome = 'replied';
      return echoed(request, context);
    } finally {
      this.#end(context.signal.aborted ? 'abandoned' : outcome);
    }
  }

  async *#stream(
    replies: number,
    request: IncomingRequest,
    context: CallContext,
  ): AsyncGenerator<DescribedReply, void, undefined> {
    this.#begin(context);
    let outcome: Outcome = 'failed';
    try {
      for (let index = 0; index < replies; index++) {
        // A stream fails at its end, if it does: its caller has what came before.
        await this.#work(context, index === replies - 1 ? this.#plan.errorRate : 0);
        yield echoed(request, context);
      }
      outcome = 'replied';
    } finally {
      this.#end(context.signal.aborted ? 'abandoned' : outcome);
    }
  }

  /** Throws REJECTED for what is for other workers. */
  #begin(context: CallContext): void {
    if (this.#begun >= this.#plan.count) context.reject('enough, as --count asks for');
    this.#begun++;
    if (Math.random() >= this.#plan.rejectRate) return;
    this.#end('rejected');
    context.reject('rejected, as --reject-rate asks for');
  }

  async #work({ signal }: CallContext, errorRate: number): Promise<void> {
    const { delayMs, jitterMs } = this.#plan;
    const ms = delayMs + Math.random() * jitterMs;
    if (ms > 0) await sleep(ms, undefined, { signal });
    if (Math.random() < errorRate) {
      throw new ModwireError('INTERNAL', { what: 'failed, as --error-rate asks for' });
    }
  }

  #end(outcome: Outcome): void {
    this.#outcomes[outcome]++;
    if (this.ended >= this.#plan.count) this.#done.abort();
  }
}

/** The same bytes, as what they came. Those of a content type that this version does not know are just bytes. */
function echoed({ frame, payload }: IncomingRequest, context: CallContext): DescribedReply {
  const { contentType, schemaId } = frame;
  return context.reply(payload, {
    ...(ContentType[contentType] !== undefined && { contentType }),
    ...(schemaId !== undefined && { schemaId }),
  });
}
