import type { FrameView } from '../../codec/frame-view.js';
import { BySchemaId } from '../../codec/schema-ids.js';
import { headerPlace, textPlace } from '../../codec/text-places.js';
import type { PayloadKey } from '../../contracts/payload-key.js';
import type { RunningExperiment } from './running-experiment.js';

/** How to read the key in payloads, by their schema; null where there is none. */
export type PayloadKeys = BySchemaId<PayloadKey | null>;

/** Keys in payloads that nobody has verified: none. */
export const NO_PAYLOAD_KEYS: PayloadKeys = new BySchemaId(() => null);

/** Reads the keys of requests where their experiments have them. */
export class RequestKey {
  /** Of the key read last: bytes `start` to `end` of `bytes`, valid until the next one. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;

  /** Whether a request has a key; an empty one is none. Its payload has been verified where `payloads` knows its schema. */
  read({ compiled, header }: RunningExperiment, frame: FrameView, payloads: PayloadKeys): boolean {
    switch (compiled.keySource.from) {
      case 'key':
        return this.#text(frame, textPlace(frame, 'assignmentKey'));
      case 'key-or-id':
        return this.#text(frame, textPlace(frame, 'assignmentKey')) || this.#whole(frame.id);
      case 'trace':
        return this.#whole(frame.traceId);
      case 'header':
        return this.#text(frame, headerPlace(frame, header));
      case 'payload':
        return this.#payload(frame, payloads.of(frame));
    }
  }

  #text({ memory }: FrameView, place: number): boolean {
    if (place < 0) return false;
    this.bytes = memory.u8;
    this.start = place + 4;
    this.end = this.start + memory.data.getUint32(place, true);
    return this.end > this.start;
  }

  #whole(bytes: Uint8Array): true {
    this.bytes = bytes;
    this.start = 0;
    this.end = bytes.length;
    return true;
  }

  #payload({ memory, payloadStart, payloadLength }: FrameView, key: PayloadKey | null): boolean {
    if (key === null || payloadLength === 0 || !key.read(memory, payloadStart)) return false;
    this.bytes = key.bytes;
    this.start = key.start;
    this.end = key.end;
    return this.end > this.start;
  }
}
