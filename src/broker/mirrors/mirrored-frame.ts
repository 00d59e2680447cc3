import { ID_BYTES } from '../../codec/frame-layout.js';
import type { FrameVerifier } from '../../codec/frame-verifier.js';
import { FrameView } from '../../codec/frame-view.js';
import { FrameWriter } from '../../codec/frame-writer.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { Memory } from '../../codec/memory.js';
import { IdGenerator } from '../../codec/message-id.js';
import { nowMicros } from '../clock.js';

/** Flags that say something of the request itself, and nothing to whom it is for. */
const OF_REQUEST = FrameFlags.ack | FrameFlags.idempotent | FrameFlags.explain;

/** Makes copies of requests for another variant. */
export class MirroredFrames {
  readonly #verifier: FrameVerifier;
  readonly #writer = new FrameWriter();
  readonly #ids = new IdGenerator();

  constructor(verifier: FrameVerifier) {
    this.#verifier = verifier;
  }

  /**
   * The copy of a request: marked, with an id of its own, of the same trace and caused by it. Undefined when it is larger than
   * a frame of this verifier may be.
   */
  of(request: FrameView, experiment: string, variant: string): FrameView | undefined {
    const id = new Uint8Array(ID_BYTES);
    const publishedAt = nowMicros();
    this.#ids.nextId(id, Math.floor(publishedAt / 1000));
    const { subject, payload, contentType, timeout, correlationId, schemaId, tracestate, baggage } = request;
    const bytes = this.#writer.encode({
      ...{ subject, payload, id, publishedAt, timeout, contentType, correlationId, schemaId },
      ...{ kind: Kind.request, flags: (request.flags & ~OF_REQUEST) | FrameFlags.mirrored },
      trace: { traceId: request.traceId, spanId: request.spanId, flags: request.traceFlags },
      causationId: request.id,
      ...{ tracestate, baggage, experiment, variant },
      ...{ assignmentKey: request.assignmentKey, headers: request.headers },
    });
    const frame = new FrameView();
    return this.#verifier.verify(new Memory(bytes), 0, bytes.length, frame) ? frame : undefined;
  }
}
