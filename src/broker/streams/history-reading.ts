import type { FrameVerifier } from '../../codec/frame-verifier.js';
import { FrameView } from '../../codec/frame-view.js';
import { fromHex } from '../../codec/message-id.js';
import { schemaIdOf } from '../../codec/schema-ids.js';
import type { SubjectBlock } from '../../streams/subject-reader.js';
import type { ReadingNotices } from '../reading-notices.js';
import type { BrokerSubject, Session } from '../session.js';
import type { SessionReading } from '../session-reading.js';

export interface HistoryReadingParts {
  readonly verifier: FrameVerifier;
  readonly notices: Pick<ReadingNotices, 'tell'>;
  /** How a consumer of a subject reads frames of a schema, by its id in hex. */
  readonly readingOf: (session: Session, subject: BrokerSubject, schemaId: string) => SessionReading;
}

/** Records of one schema, side by side. */
interface Stretch {
  readonly schemaId: string;
  readonly first: number;
  last: number;
}

/** Hands records of a stream to a session: as they lie where it reads everything, else without those that it cannot read. */
export class HistoryReading {
  readonly #parts: HistoryReadingParts;
  readonly #frame = new FrameView();

  constructor(parts: HistoryReadingParts) {
    this.#parts = parts;
  }

  /** The bytes of the block are sent before it returns. */
  send(session: Session, subject: BrokerSubject, block: SubjectBlock): void {
    if (subject.gate?.narrow !== true) {
      sendRange(session, block, 0, block.offsets.length);
      return;
    }
    for (const { schemaId, first, last } of this.#stretches(block)) {
      const { able, unable } = this.#parts.readingOf(session, subject, schemaId);
      const id = fromHex(schemaId);
      if (able) {
        if (unable.length > 0) this.#parts.notices.tell([{ session, unable, told: undefined }], id, schemaId);
        sendRange(session, block, first, last + 1);
      } else withhold(session, subject.text, id, block, first, last);
    }
  }

  #stretches({ memory, starts, ends }: SubjectBlock): Stretch[] {
    const stretches: Stretch[] = [];
    starts.forEach((start, index) => {
      this.#parts.verifier.verify(memory, start, ends[index]!, this.#frame);
      const schemaId = schemaIdOf(this.#frame);
      const latest = stretches.at(-1);
      if (latest?.schemaId === schemaId) latest.last = index;
      else stretches.push({ schemaId, first: index, last: index });
    });
    return stretches;
  }
}

/** Sends records `first` to before `end`, those that lie side by side in one piece. */
function sendRange(
  session: Session,
  { memory, starts, ends }: SubjectBlock,
  first: number,
  end: number,
): void {
  for (let from = first; from < end; ) {
    let to = from + 1;
    while (to < end && starts[to] === ends[to - 1]) to++;
    session.sendBytes(memory.u8.subarray(starts[from], ends[to - 1]));
    from = to;
  }
}

/** Tells of records that nobody there reads, each epoch by itself. */
function withhold(
  session: Session,
  subject: string,
  schemaId: Uint8Array,
  { positions }: SubjectBlock,
  from: number,
  last: number,
): void {
  for (let first = from; first <= last; ) {
    const { epoch, sequence } = positions[first]!;
    let to = first;
    while (
      to < last &&
      positions[to + 1]!.epoch === epoch &&
      positions[to + 1]!.sequence === positions[to]!.sequence + 1
    )
      to++;
    session.send({
      type: 'withheld',
      subject,
      epoch,
      first: sequence,
      last: positions[to]!.sequence,
      schemaId,
    });
    first = to + 1;
  }
}
