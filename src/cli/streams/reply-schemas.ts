import type { Client } from '../../client/client.js';
import type { FrameView } from '../../codec/frame-view.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { toHex } from '../../codec/message-id.js';
import { compileSchema } from '../../contracts/compile-schema.js';
import { ModwireError } from '../../errors.js';
import type { MirroredReply, ReplySchema } from '../../mirroring/reply-reading.js';

/** Replies as they are compared, with the schemas that the broker knows. */
export class ReplySchemas {
  readonly #client: Pick<Client, 'resolve'>;
  readonly #known = new Map<string, Promise<ReplySchema | undefined>>();

  constructor(client: Pick<Client, 'resolve'>) {
    this.#client = client;
  }

  /** The frames stay as they are. Rejects as `client.resolve` does, but for NOT_FOUND. */
  readAll(frames: readonly FrameView[]): Promise<MirroredReply[]> {
    return Promise.all(
      frames.map(async (frame) => {
        const { contentType, payload } = frame;
        return { contentType, payload, schema: await this.#schemaOf(frame) };
      }),
    );
  }

  async #schemaOf({ contentType, schemaId }: FrameView): Promise<ReplySchema | undefined> {
    if (contentType !== ContentType.flatbuffer || schemaId === undefined) return undefined;
    const id = toHex(schemaId);
    let known = this.#known.get(id);
    if (known === undefined) {
      known = this.#resolve(id);
      this.#known.set(id, known);
      // Who asks again may get it.
      known.catch(() => this.#known.delete(id));
    }
    return known;
  }

  async #resolve(id: string): Promise<ReplySchema | undefined> {
    try {
      const { schema, root } = await this.#client.resolve(id);
      return compileSchema(schema, root);
    } catch (thrown) {
      if (thrown instanceof ModwireError && thrown.code === 'NOT_FOUND') return undefined;
      throw thrown;
    }
  }
}
