import { Origin } from '../../codec/frame-layout.js';
import type { FrameVerifier } from '../../codec/frame-verifier.js';
import { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { ModwireError } from '../../errors.js';
import { DamagedRecords } from '../../streams/damaged-records.js';
import type { StoredBatch, StreamLogHost } from '../../streams/log-writer.js';
import type { StreamLog } from '../../streams/stream-log.js';
import { wantsAck } from '../acknowledgements.js';
import { nowMicros } from '../clock.js';
import type { CountPosition, FrameOrigin } from '../detours.js';
import type { BrokerGate, BrokerSubject } from '../session.js';

/** Whose frame waits until its stream has it. */
export interface KeptFrame {
  readonly subject: BrokerSubject;
  readonly gate: BrokerGate;
  readonly origin: FrameOrigin;
  /** Of the message: 16 bytes. */
  readonly id: Uint8Array;
  readonly byteLength: number;
  /** Where the count of its subject was, when it brought its own place along. */
  readonly before: CountPosition | undefined;
}

/** Somebody waits for word of a record that nobody is handed. */
export interface WatchedRecord {
  readonly subject: undefined;
  /** With why it is not stored. */
  settled(error: ModwireError | undefined): void;
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
export type Entrant = KeptFrame | WatchedRecord | undefined;

/** What became of a frame that another stream had: it kept its place, is a new message, or was there before. */
export type Restored = 'restored' | 'replayed' | 'duplicate';

export interface CaptureParts {
  readonly verifier: FrameVerifier;
  /** Asks for the end of this turn, at which what has gathered is written. */
  readonly schedule: () => void;
  /** Told when the subscribers of what a stream has got may be handed it, and whoever takes its records. */
  readonly stored: (stream: string) => void;
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
  /** Largest broker's time of what was taken. Microseconds. */
  #newestMicros = 0;

  constructor(parts: CaptureParts) {
    this.#parts = parts;
  }

  /** Begins: the log whose host this is. */
  begin(log: StreamLog<Entrant>): void {
    this.#log = log;
    this.#newestMicros = log.info().newestMicros ?? 0;
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
    // Who replays means the same message once more.
    const earlier = (frame.flags & FrameFlags.replayed) === 0 ? this.log.find(id) : undefined;
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
    this.#append(frame, { subject, gate, origin, id: id.slice(), byteLength, before: undefined });
    subject.sequence++;
  }

  /**
   * Takes a frame that a stream had, here or elsewhere. It keeps its place where that lies ahead of all that its subject and the stream
   * have had; otherwise it is published anew under its id, marked as replayed. One that the stream has already is not taken. Throws
   * as `take` does.
   */
  restore(origin: FrameOrigin, subject: BrokerSubject, gate: BrokerGate, frame: FrameView): Restored {
    if (this.#isEnding) throw ending(this.log.config.name);
    const { id, byteLength, epoch, sequence, brokerTime } = frame;
    if (this.log.find(id) !== undefined || this.#hasAtItsPlace(frame)) return 'duplicate';
    const isOfNow = brokerTime >= this.#newestMicros && Math.max(brokerTime, epoch) <= nowMicros();
    if (epoch === 0 || !isOfNow || !isAhead(frame, subject)) {
      this.#markReplayed(frame);
      this.take(origin, subject, gate, frame, nowMicros());
      return 'replayed';
    }
    const before = { epoch: subject.epoch, sequence: subject.sequence };
    this.#append(frame, { subject, gate, origin, id: id.slice(), byteLength, before }, nowMicros());
    subject.moveTo({ epoch, sequence });
    return 'restored';
  }

  /** Takes a frame that goes its way all the same; `cameAt` is when it came, if that is not its broker's time. Throws as `take` does. */
  record(frame: FrameView, entrant: WatchedRecord | undefined = undefined, cameAt?: number): void {
    if (this.#isEnding) throw ending(this.log.config.name);
    this.log.append(frame, entrant, cameAt);
    this.#taken(frame);
  }

  stored({ memory, starts, ends, entries }: StoredBatch<Entrant>): void {
    const { verifier, stored } = this.#parts;
    const frame = this.#view;
    entries.forEach((entry, index) => {
      if (entry === undefined) return;
      if (entry.subject === undefined) {
        entry.settled(undefined);
        return;
      }
      const { subject, gate, origin, byteLength } = entry;
      verifier.verify(memory, starts[index]!, ends[index]!, frame);
      frame.subjectText = subject.text;
      gate.keeping--;
      origin.kept(subject, frame);
      origin.settled(byteLength);
    });
    if (this.#duplicates.length > 0) this.#tellDuplicates(undefined);
    stored(this.log.config.name);
  }

  failed(entries: readonly Entrant[], error: ModwireError): void {
    // The last one first: counts go back the way that they came.
    for (const entry of entries.toReversed()) {
      if (entry?.subject === undefined) continue;
      const { subject, before } = entry;
      if (before === undefined) subject.sequence--;
      else subject.moveTo(before);
    }
    for (const entry of entries) {
      if (entry === undefined) continue;
      if (entry.subject === undefined) {
        entry.settled(error);
        continue;
      }
      const { gate, origin, id, byteLength } = entry;
      gate.keeping--;
      origin.refused(error, id, undefined);
      origin.settled(byteLength);
    }
    this.#tellDuplicates(error);
  }

  /** Nothing says that these bytes are shared with nothing else: it is looked at again. */
  #markReplayed(frame: FrameView): void {
    frame.memory.u8[frame.originAt + Origin.flags]! |= FrameFlags.replayed;
    if (this.#parts.verifier.verify(frame.memory, frame.start, frame.end, frame)) return;
    throw new ModwireError('MALFORMED_FRAME', `a frame that cannot be marked: ${frame.violation!.text}`);
  }

  #append(frame: FrameView, entry: KeptFrame, cameAt?: number): void {
    // The log asks for it: nobody need decode what is known.
    frame.subjectText = entry.subject.text;
    this.log.append(frame, entry, cameAt);
    entry.gate.keeping++;
    entry.origin.waits(entry.byteLength);
    this.#taken(frame);
  }

  #taken({ brokerTime }: FrameView): void {
    if (brokerTime > this.#newestMicros) this.#newestMicros = brokerTime;
    this.#parts.schedule();
  }

  /** Whether the stream has the very record, where it would be. */
  #hasAtItsPlace({ subject, epoch, sequence, id }: FrameView): boolean {
    const last = this.log.positionOf(subject);
    if (last === undefined || sequence === 0 || isAhead({ epoch, sequence }, last)) return false;
    try {
      const found = this.log.readSubject(subject, epoch, sequence - 1);
      if (found?.positions[0]?.epoch !== epoch || found.positions[0].sequence !== sequence) return false;
      this.#parts.verifier.verify(found.memory, found.starts[0]!, found.ends[0]!, this.#view);
      return Buffer.compare(this.#view.id, id) === 0;
    } catch (thrown) {
      // What is damaged may come again.
      if (thrown instanceof DamagedRecords) return false;
      throw thrown;
    }
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

/** Whether a place is behind another in the count of one subject, or the subject has had none. */
function isAhead(place: CountPosition, of: CountPosition): boolean {
  if (of.sequence === 0 || place.epoch > of.epoch) return true;
  return place.epoch === of.epoch && place.sequence > of.sequence;
}

function ending(stream: string): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'the stream of this subject is being removed',
    where: `stream ${stream}`,
    advice: 'publish again in a moment',
  });
}
