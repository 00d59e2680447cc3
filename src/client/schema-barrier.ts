import type { FrameView } from '../codec/frame-view.js';
import { toHex } from '../codec/message-id.js';
import { BySchemaId } from '../codec/schema-ids.js';

/** Schemas that a barrier holds; beyond it the oldest is let through. A broker takes its word back long before. */
const MAX_SCHEMAS = 4096;

/** What keeps frames of some schemas from one subscription that others of its client get. */
export class SchemaBarrier {
  /** Why it does, for people. */
  readonly reason: string;
  /** Until the broker takes the subscription up, and can say what it reads. */
  readonly waits: boolean;
  readonly #stops: BySchemaId<boolean>;
  /** In hex. */
  readonly #ids: Set<string>;

  private constructor(ids: Set<string>, waits: boolean, reason: string) {
    this.#ids = ids;
    this.waits = waits;
    this.reason = reason;
    this.#stops = new BySchemaId((id) => ids.has(id) !== waits);
  }

  /** Keeps out what the broker names. */
  static named(): SchemaBarrier {
    return new SchemaBarrier(
      new Set(),
      false,
      'the broker says that this subscription does not read their schema',
    );
  }

  /** Lets in nothing but the schemas that a subscription reads for sure: their ids, 16 bytes each. */
  static waiting(reads: readonly Uint8Array[]): SchemaBarrier {
    const reason = 'they came before the broker could say whether this subscription reads their schema';
    return new SchemaBarrier(new Set(reads.map(toHex)), true, reason);
  }

  /** Keeps a schema out, too. */
  add(schemaId: Uint8Array): void {
    if (this.#ids.size >= MAX_SCHEMAS) {
      for (const oldest of this.#ids) {
        this.#ids.delete(oldest);
        break;
      }
    }
    this.#ids.add(toHex(schemaId));
    this.#stops.reset();
  }

  stops(frame: FrameView): boolean {
    return this.#stops.of(frame);
  }
}
