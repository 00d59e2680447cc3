import { ID_BYTES } from '../../codec/frame-layout.js';
import { FrameWriter } from '../../codec/frame-writer.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { IdGenerator } from '../../codec/message-id.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import type { RolloutEvent } from '../../routing/rollouts/rollout-state.js';
import { nowMicros } from '../clock.js';

/** Publishes what happens to rollouts, each to a subject of its own, `$rollouts.NAME.events`, as JSON. */
export class RolloutEvents {
  readonly #publish: (bytes: Uint8Array) => void;
  readonly #writer = new FrameWriter();
  readonly #ids = new IdGenerator();

  /** `publish` takes a frame of the broker's own. */
  constructor(publish: (bytes: Uint8Array) => void) {
    this.#publish = publish;
  }

  publish(event: RolloutEvent): void {
    const publishedAt = nowMicros();
    const id = new Uint8Array(ID_BYTES);
    this.#ids.nextId(id, Math.floor(publishedAt / 1000));
    const bytes = this.#writer.encode({
      ...{ id, publishedAt, subject: `$rollouts.${event.rollout}.events` },
      contentType: ContentType.json,
      payload: encodeUtf8(JSON.stringify(event)),
    });
    this.#publish(bytes);
  }
}
