import type { FrameVerifier } from '../../codec/frame-verifier.js';
import { FrameView } from '../../codec/frame-view.js';
import { ModwireError } from '../../errors.js';
import type { StoredBatch, StreamLogHost } from '../../streams/log-writer.js';
import type { StreamLog } from '../../streams/stream-log.js';
import { wantsAck } from '../acknowledgements.js';
import { nowMicros } from '../clock.js';
import type { FrameOrigin } from '../detours.js';
import type { BrokerGate, BrokerSubject } from '../session.js';

/** Whose frame waits until its stream has it. */
export interface KeptFrame {
  readonly subject: BrokerSubject;
  readonly gate: BrokerGate;
  readonly origin: FrameOrigin;
  /** Of the message: 16 bytes. */
  readonly id: Uint8Array;
  readonly byteLength: number;
}

/** A message that a stream has already, or is about to. */
interface Duplicate {
  readonly origin: FrameOrigin;
  readonly id: Uint8Array;
  readonly byteLength: number;
  readonly answered: boolean;
  readonly epoch: number;
  readonly sequence: number;
}

/** Of records that nobody waits for: undefined. */
export type Entrant = KeptFrame | undefined;

export interface CaptureParts {
  readonly verifier: FrameVerifier;
  /** Asks for the end of this turn, at which what has gathered is written. */
  readonly schedule: () => void;
  /** Told when the subscribers of what a stream has got may be handed it. */
  readonly stored: () => void;
}

/**
 * The way of frames through one stream. They are stamped and copied into it; once it has them they are delivered and
 * acknowledged, in their order. What it cannot take is refused, and its places in the count are given back: so nobody ever sees
 * what the stream does not have, and the count goes on where it stood after a restart.
 */
export class Capture implements StreamLogHost<Entrant> {
  readonly #parts: CaptureParts;
  readonly #view = new FrameView();
  readonly #duplicates: Duplicate[] = [];
  #log: StreamLog<Entrant> | undefined;
  #isEnding = false;

  constructor(parts: CaptureParts) {
    this.#parts = parts;
  }

  /** Begins: the log whose host this is. */
  begin(log: StreamLog<Entrant>): void {
    this.#log = log;
  }

  /** The stream is about to go: it takes no more frames. */
  end(): void {
    this.#isEnding = true;
  }

  get log(): StreamLog<Entrant> {
    return this.#log!;
  }

  nowMicros(): number {
    return nowMicros();
  }

  /** Takes a frame that has passed what its subject asks for. Throws what refuses it: RESOURCE_EXHAUSTED, or why the stream cannot write. */
  take(
    origin: FrameOrigin,
    subject: BrokerSubject,
    gate: BrokerGate,
    frame: FrameView,
    brokerTime: number,
  ): void {
    if (this.#isEnding) throw ending(this.log.config.name);
    const { id, byteLength } = frame;
    const earlier = this.log.find(id);
    if (earlier !== undefined) {
      const { epoch, sequence, isPending } = earlier;
      const duplicate = { origin, id: id.slice(), byteLength, answered: wantsAck(frame), epoch, sequence };
      if (isPending) {
        origin.waits(byteLength);
        this.#duplicates.push(duplicate);
      } else if (duplicate.answered) origin.duplicate(duplicate.id, { epoch, sequence });
      return;
    }
    frame.stamp(subject.sequence + 1, subject.epoch, brokerTime);
    this.log.append(frame, { subject, gate, origin, id: id.slice(), byteLength });
    subject.sequence++;
    gate.keeping++;
    origin.waits(byteLength);
    this.#parts.schedule();
  }

  /** Takes a frame that goes its way all the same. Throws as `take` does. */
  record(frame: FrameView): void {
    if (this.#isEnding) throw ending(this.log.config.name);
    this.log.append(frame, undefined);
    this.#parts.schedule();
  }

  stored({ memory, starts, ends, entries }: StoredBatch<Entrant>): void {
    const { verifier, stored } = this.#parts;
    const frame = this.#view;
    entries.forEach((entry, index) => {
      if (entry === undefined) return;
      const { subject, gate, origin, byteLength } = entry;
      verifier.verify(memory, starts[index]!, ends[index]!, frame);
      frame.subjectText = subject.text;
      gate.keeping--;
      origin.kept(subject, frame);
      origin.settled(byteLength);
    });
    if (this.#duplicates.length > 0) this.#tellDuplicates(undefined);
    stored();
  }

  failed(entries: readonly Entrant[], error: ModwireError): void {
    for (const entry of entries) {
      if (entry === undefined) continue;
      const { subject, gate, origin, id, byteLength } = entry;
      subject.sequence--;
      gate.keeping--;
      origin.refused(error, id, undefined);
      origin.settled(byteLength);
    }
    this.#tellDuplicates(error);
  }

  /** Answers those whose first has been kept by now, or could not be. */
  #tellDuplicates(error: ModwireError | undefined): void {
    for (const duplicate of this.#duplicates.splice(0)) {
      const { origin, id, byteLength, answered, epoch, sequence } = duplicate;
      if (error === undefined && this.log.find(id)?.isPending === true) {
        this.#duplicates.push(duplicate);
        continue;
      }
      if (error !== undefined) origin.refused(error, id, undefined);
      else if (answered) origin.duplicate(id, { epoch, sequence });
      origin.settled(byteLength);
    }
  }
}

function ending(stream: string): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'the stream of this subject is being removed',
    where: `stream ${stream}`,
    advice: 'publish again in a moment',
  });
}
