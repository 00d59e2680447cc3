import type { FrameVerifier } from '../../codec/frame-verifier.js';
import { FrameView } from '../../codec/frame-view.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import type { CapturedKind } from '../../codec/stream-description.js';
import { ModwireError, toModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { openStreamFile, type StreamFile } from '../../streams/stream-file-reader.js';
import type { Admission } from '../admission.js';
import { nowMicros } from '../clock.js';
import type { FrameOrigin } from '../detours.js';
import type { FanOut } from '../fan-out.js';
import type { BrokerSubject } from '../session.js';
import type { Capture } from './capture.js';
import type { Captures } from './captures.js';

export interface StreamImportParts {
  readonly limits: Pick<Limits, 'maxHttpBodyBytes'>;
  readonly captures: Captures;
  readonly admission: Pick<Admission, 'subjectOf' | 'takesDetour' | 'deliver' | 'refused'>;
  readonly verifier: FrameVerifier;
  readonly fanOut: Pick<FanOut, 'gather'>;
}

/** What became of the records of a file. */
export interface ImportedRecords {
  /** Messages that kept their places in the counts of their subjects, and requests and replies. */
  readonly restored: number;
  /** Messages that were published anew, marked as replayed. */
  readonly replayed: number;
  /** Those that the stream had already. */
  readonly duplicates: number;
}

/** Taken before those are waited for. Bytes. */
const SLICE_BYTES = 256 * 1024;

/**
 * Takes the records of a file into a stream, in their order, as if they came now: what their subjects ask for they have to keep, and who
 * subscribes gets them. Rejects with the first error; it says which records of the file the stream has by then.
 */
export async function importRecords(
  parts: StreamImportParts,
  stream: string,
  bytes: Uint8Array,
): Promise<ImportedRecords> {
  const run = new ImportRun(parts, parts.captures.of(stream));
  const { records } = await openStreamFile(only(bytes), parts.limits.maxHttpBodyBytes);
  return run.all(records);
}

/** One file, as the origin of its frames. */
class ImportRun implements FrameOrigin {
  readonly #parts: StreamImportParts;
  readonly #capture: Capture;
  readonly #frame = new FrameView();
  readonly #counts = { restored: 0, replayed: 0, duplicates: 0 };
  /** Offsets in the file of those that the stream has taken and not stored yet. */
  readonly #taken: number[] = [];
  /** The stream has all up to here. */
  #stored = 0;
  #present = 0;
  #open = 0;
  #openBytes = 0;
  #error: ModwireError | undefined;
  #whenSettled: (() => void) | undefined;

  constructor(parts: StreamImportParts, capture: Capture) {
    this.#parts = parts;
    this.#capture = capture;
  }

  async all(records: StreamFile['records']): Promise<ImportedRecords> {
    try {
      for await (const { offset, frame } of records) {
        this.#present = offset;
        const isAside = this.#take(frame);
        // Those behind one that waits for its verdict wait with it, whatever their subject.
        if (isAside || this.#openBytes >= SLICE_BYTES) await this.#settled();
      }
    } catch (thrown) {
      this.#error ??= toModwireError(thrown);
    }
    await this.#settled().catch(() => undefined);
    if (this.#error !== undefined) throw this.#told(this.#error);
    return this.#counts;
  }

  waits(byteLength: number): void {
    this.#open++;
    this.#openBytes += byteLength;
  }

  settled(byteLength: number): void {
    this.#openBytes -= byteLength;
    if (--this.#open === 0) this.#whenSettled?.();
  }

  accepted(subject: BrokerSubject, frame: FrameView): void {
    try {
      this.#restore(subject, frame);
    } catch (thrown) {
      this.#error ??= toModwireError(thrown);
    }
  }

  kept(subject: BrokerSubject, frame: FrameView): void {
    const { admission, fanOut } = this.#parts;
    this.#stored = this.#taken.shift()!;
    fanOut.gather(admission.deliver(subject, frame), frame.memory.u8, frame.start, frame.end);
  }

  duplicate(): void {}

  refused(error: ModwireError): void {
    this.#error ??= error;
  }

  /** True when it waits for a verdict before it gets into the stream. */
  #take(frame: FrameView): boolean {
    const { verifier } = this.#parts;
    const own = this.#frame;
    if (!verifier.verify(frame.memory, frame.start, frame.end, own)) {
      throw new ModwireError('MALFORMED_FRAME', `not a frame: ${own.violation!.text}`);
    }
    if (own.kind === Kind.message) return this.#takeMessage(own);
    this.#record(own);
    return false;
  }

  #takeMessage(frame: FrameView): boolean {
    const { admission } = this.#parts;
    const subject = admission.subjectOf(frame, nowMicros());
    const { gate } = subject;
    if (gate?.stream !== this.#capture.log.config.name) throw this.#notKept(frame, 'message');
    // What only the broker publishes it has published before.
    if (!gate.reserved && admission.takesDetour(subject, gate, frame, this, (run) => run)) return true;
    this.#restore(subject, frame);
    return false;
  }

  #restore(subject: BrokerSubject, frame: FrameView): void {
    const outcome = this.#capture.restore(this, subject, subject.gate!, frame);
    if (outcome === 'duplicate') {
      this.#counts.duplicates++;
      if (this.#taken.length === 0) this.#stored = this.#present;
      return;
    }
    this.#taken.push(this.#present);
    this.#counts[outcome]++;
  }

  #record(frame: FrameView): void {
    const kind = frame.kind === Kind.request ? 'request' : 'reply';
    if (this.#parts.captures.recorderOf(frame.subject, kind) !== this.#capture) {
      throw this.#notKept(frame, kind);
    }
    if (this.#capture.log.find(frame.id) !== undefined) {
      this.#counts.duplicates++;
      return;
    }
    const { byteLength } = frame;
    const settled = (error: ModwireError | undefined) => {
      if (error === undefined) this.#stored = this.#taken.shift()!;
      else this.refused(error);
      this.settled(byteLength);
    };
    this.#capture.record(frame, { subject: undefined, settled }, nowMicros());
    this.waits(byteLength);
    this.#taken.push(this.#present);
    this.#counts.restored++;
  }

  /** Resolves when nothing waits. Rejects with what refused some of it. */
  async #settled(): Promise<void> {
    if (this.#open > 0) {
      await new Promise<void>((resolve) => {
        this.#whenSettled = resolve;
      });
    }
    if (this.#error !== undefined) throw this.#error;
  }

  #notKept({ subject }: FrameView, kind: CapturedKind): ModwireError {
    const { name, filters, kinds } = this.#capture.log.config;
    return new ModwireError('FAILED_PRECONDITION', {
      what: `the stream keeps no ${kind} of this subject`,
      ...{ expected: `${kinds.join(', ')} of ${filters.join(', ')}`, got: `a ${kind} of ${subject}` },
      where: `stream ${name}`,
      advice: 'import it into a stream that keeps it, or export with a filter',
    });
  }

  /** With how much of the file is there all the same. */
  #told({ code, detail }: ModwireError): ModwireError {
    const stored = this.#stored > 0 ? `up to offset ${this.#stored}` : 'none';
    const where = `offset ${this.#present} of the file, of which the stream has ${stored}`;
    return new ModwireError(code, { ...detail, where: [detail.where, where].filter(Boolean).join(', ') });
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
