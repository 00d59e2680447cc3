import { ModwireError, toModwireError } from '../../errors.js';
import type { ClientEmitter } from '../client-events.js';
import type { Outbox } from '../outbox.js';
import type { CallContext } from './call-context.js';
import { unsendableReply } from './call-errors.js';
import type { CallFrames } from './call-frames.js';
import { DescribedReply } from './described-reply.js';
import { IncomingRequest } from './received.js';

export interface AnswersParts {
  readonly frames: CallFrames;
  readonly outbox: Outbox;
  readonly events: ClientEmitter;
  /** A call has had its end, and its worker has room for another. */
  readonly ended: (context: CallContext) => void;
}

/** Runs handlers and sends what they answer: to every request that they get exactly one end. */
export class Answers {
  readonly #parts: AnswersParts;

  constructor(parts: AnswersParts) {
    this.#parts = parts;
  }

  run(context: CallContext): void {
    const { handler, request: contract } = context.service.terms;
    let result: unknown;
    try {
      result = handler(new IncomingRequest<never>(context.frame, contract), context);
    } catch (thrown) {
      this.failed(context, thrown);
      return;
    }
    if (isThenable(result)) {
      result.then(
        (value) => this.#returned(context, value),
        (thrown: unknown) => this.failed(context, thrown),
      );
    } else this.#returned(context, result);
  }

  /** Ends it with an error: what a handler threw, or why it was not called. */
  failed(context: CallContext, thrown: unknown): void {
    const error = context.over ?? toModwireError(thrown);
    // A handler that fails unintentionally should be noticed where it runs.
    if (context.over === undefined && !(thrown instanceof ModwireError)) this.#tell(error);
    this.#last(context, () => this.#sendError(context, error));
  }

  #returned(context: CallContext, result: unknown): void {
    if (isAsyncIterable(result)) void this.#stream(context, result[Symbol.asyncIterator]());
    else if (context.over !== undefined) this.failed(context, context.over);
    else this.#last(context, () => this.#send(context, result, false));
  }

  /** Asks for a value only while its reply may be sent, so that a slow caller slows the producer. */
  async #stream(context: CallContext, values: AsyncIterator<unknown>): Promise<void> {
    const { outbox } = this.#parts;
    try {
      while (await context.untilGranted()) {
        const next = await values.next();
        if (next.done || context.over !== undefined) break;
        // Others may have waited too, and used up the room.
        while (!outbox.open) await outbox.untilOpen({ signal: context.signal });
        if (outbox.full) outbox.flush();
        this.#send(context, next.value, true);
        context.sent++;
      }
    } catch (thrown) {
      void stopProducing(values);
      this.failed(context, thrown);
      return;
    }
    if (context.over !== undefined) void stopProducing(values);
    this.#returned(context, undefined);
  }

  /** Throws INTERNAL when it cannot be sent. */
  #send(context: CallContext, value: unknown, more: boolean): void {
    const { subject, answered, service } = context;
    const { frames } = this.#parts;
    try {
      if (value instanceof DescribedReply && service.terms.reply === undefined) {
        // A handler may know better which variant it was.
        const { experiment = answered.experiment, variant = answered.variant, ...said } = value.options;
        const options = { ...said, ...answered, experiment, variant };
        frames.reply(subject, options, undefined, value.payload, more);
      } else frames.reply(subject, answered, service.terms.reply, value, more);
    } catch (thrown) {
      const error = unsendableReply(subject, toModwireError(thrown));
      this.#tell(error);
      throw error;
    }
  }

  #sendError({ subject, answered }: CallContext, error: ModwireError): void {
    try {
      this.#parts.frames.error(subject, answered, error);
    } catch (thrown) {
      // Its deadline ends it at the broker.
      this.#tell(toModwireError(thrown));
    }
  }

  /** Sends its end, when there is room for it. */
  #last(context: CallContext, send: () => void): void {
    const { outbox, ended } = this.#parts;
    if (outbox.full) outbox.flush();
    if (!context.lost && outbox.full) {
      const again = () => this.#last(context, send);
      // Rejects when the client is closed meanwhile.
      outbox.untilOpen({}).then(again, () => ended(context));
      return;
    }
    try {
      if (!context.lost) send();
    } catch (thrown) {
      this.failed(context, thrown);
      return;
    }
    ended(context);
  }

  #tell(error: ModwireError): void {
    this.#parts.events.emit('error', error);
  }
}

/** Lets a generator clean up. Nobody waits for that: it may hang on what it waits for itself. */
async function stopProducing(values: AsyncIterator<unknown>): Promise<void> {
  try {
    await values.return?.();
  } catch {
    // What it has to say is for nobody.
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
