import { ID_BYTES } from '../../codec/frame-layout.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameWriter } from '../../codec/frame-writer.js';
import { IdGenerator } from '../../codec/message-id.js';
import { emit } from '../../events.js';
import type { ConsumerConfig } from '../../routing/consumers/consumer-config.js';
import { type DeadLetter, deadLetterHeaders } from '../../routing/consumers/dead-letter.js';
import { nowMicros } from '../clock.js';

/** Publishes records that consumers have given up: each as its message was, with the reason and the attempts. */
export class DeadLetters {
  readonly #publish: (bytes: Uint8Array) => Promise<unknown>;
  readonly #writer = new FrameWriter();
  readonly #ids = new IdGenerator();

  /** `publish` resolves once a frame of the broker's own is admitted, and stored where its subject has a stream. */
  constructor(publish: (bytes: Uint8Array) => Promise<unknown>) {
    this.#publish = publish;
  }

  /** The frame is read before it returns. Resolves when the dead letter is published; rejects with what refuses it. */
  publish(config: ConsumerConfig, letter: DeadLetter, frame: FrameView): Promise<unknown> {
    const publishedAt = nowMicros();
    const id = new Uint8Array(ID_BYTES);
    this.#ids.nextId(id, Math.floor(publishedAt / 1000));
    const { payload, contentType, schemaId, correlationId, priority } = frame;
    const { tracestate, baggage, experiment, variant, assignmentKey } = frame;
    const bytes = this.#writer.encode({
      ...{ id, publishedAt, subject: config.deadLetter, causationId: frame.id },
      ...{ payload, contentType, schemaId, correlationId, priority },
      ...{ tracestate, baggage, experiment, variant, assignmentKey },
      trace: { traceId: frame.traceId, spanId: frame.spanId, flags: frame.traceFlags },
      headers: [...frame.headers, ...deadLetterHeaders(letter, config, frame.subject)],
    });
    return this.#publish(bytes);
  }
}

/** Tells listeners of a record that is given up and settled. */
export function emitDeadLetter({ stream, name, deadLetter }: ConsumerConfig, letter: DeadLetter): void {
  const { offset, attempts, cause, reason } = letter;
  emit('modwire:consumer.dead-letter', () => ({
    ...{ stream, consumer: name, offset, attempts, cause, reason },
    subject: deadLetter,
  }));
}
