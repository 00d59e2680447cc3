import { BatchReader } from '../codec/batch.js';
import { FrameVerifier } from '../codec/frame-verifier.js';
import { FrameView } from '../codec/frame-view.js';
import { FrameFlags } from '../codec/generated/modwire/frame-flags.js';
import { Kind } from '../codec/generated/modwire/kind.js';
import { Memory } from '../codec/memory.js';
import type { Violation } from '../codec/verify-rule.js';
import { ERRORS, ModwireError, toModwireError } from '../errors.js';
import { emit } from '../events.js';
import type { Limits } from '../limits.js';
import type { SubjectRegistry } from '../routing/subject-registry.js';
import { nowMicros } from './clock.js';
import { CLOSE_CODES } from './close-codes.js';
import type { FanOut } from './fan-out.js';
import type { PublishCredit } from './publish-credit.js';
import type { BrokerAudience, BrokerSubject, Session } from './session.js';

export interface IngressParts {
  readonly limits: Limits;
  readonly subjects: SubjectRegistry<BrokerAudience>;
  readonly fanOut: FanOut;
  readonly credit: PublishCredit;
  /** Takes the control message at `start` to `end` of a batch. */
  readonly control: (session: Session, memory: Memory, start: number, end: number) => void;
  /** Finds the audience of a subject whose own has become equal to another. */
  readonly unite: (subject: BrokerSubject) => BrokerAudience;
  /** Randomises the hashes of subjects. */
  readonly seed: number;
}

/**
 * The path of a frame through the broker: found in its batch, verified once, admitted, stamped in place, gathered
 * for its audience. Frames that lie side by side and go to the same audience move as one run of bytes.
 */
export class Ingress {
  readonly #parts: IngressParts;
  readonly #batch = new BatchReader();
  readonly #verifier: FrameVerifier;
  readonly #frame = new FrameView();
  /** Sessions with acknowledgements to send at the end of the turn. */
  readonly #acking = new Set<Session>();
  /** Frames admitted since the start. */
  frameCount = 0;
  /** Bytes of those. */
  frameBytes = 0;
  /** Frames refused since the start. */
  refusedCount = 0;

  #run: BrokerAudience | undefined;
  #runStart = 0;
  #runEnd = 0;

  constructor(parts: IngressParts) {
    this.#parts = parts;
    this.#verifier = new FrameVerifier(parts.seed);
  }

  /** Takes one WebSocket message. */
  message(session: Session, bytes: Uint8Array, nowMs: number): void {
    if (session.deaf) return;
    const memory = new Memory(bytes);
    const batch = this.#batch;
    const brokerTime = nowMicros();
    batch.reset(memory);
    while (!session.deaf && batch.next()) {
      if (batch.kind === 'control') {
        this.#endRun(session, bytes);
        this.#parts.control(session, memory, batch.start, batch.end);
      } else if (!session.welcomed) {
        this.#breach(session, 'a frame before the hello');
        return;
      } else {
        this.#admit(session, memory, batch.start, batch.end, brokerTime);
      }
    }
    this.#endRun(session, bytes);
    if (batch.violation !== undefined) this.#unreadable(session, batch.violation);
    // Before its hello only time counts: whatever else it sends must not keep it.
    if (session.welcomed) session.lastMessageAt = nowMs;
    this.#parts.credit.take(session, bytes.length);
  }

  /** Refuses a text message: the protocol is binary. */
  text(session: Session): void {
    if (session.deaf) return;
    const message = 'a text message: expected a binary one with a batch of frames';
    session.send({ type: 'failure', code: ERRORS.PROTOCOL_VIOLATION.number, message });
    session.disconnect(CLOSE_CODES.UNSUPPORTED_DATA, 'text message');
  }

  /** Sends the acknowledgements of this turn. */
  sendAcks(): void {
    for (const session of this.#acking) {
      if (!session.closed && session.acks !== undefined) session.send({ type: 'ack', entries: session.acks });
      session.acks = undefined;
    }
    this.#acking.clear();
  }

  #admit(session: Session, memory: Memory, start: number, end: number, brokerTime: number): void {
    const frame = this.#frame;
    if (!this.#verifier.verify(memory, start, end, frame)) {
      this.#endRun(session, memory.u8);
      this.#malformed(session, frame.violation!);
      return;
    }
    let audience: BrokerAudience;
    try {
      if (end - start > this.#parts.limits.maxFrameBytes) throw tooLarge(end - start, this.#parts.limits);
      if (frame.kind !== Kind.message) throw unknownKind(frame.kind);
      const subject = this.#parts.subjects.of(frame, Math.floor(brokerTime / 1000));
      frame.stamp(++subject.sequence, subject.epoch, brokerTime);
      audience = subject.state;
      if (audience.duplicate) audience = this.#parts.unite(subject);
      if ((frame.flags & FrameFlags.ack) !== 0) {
        this.#acknowledge(session, frame.id.slice(), subject.epoch, subject.sequence);
      }
    } catch (thrown) {
      this.#endRun(session, memory.u8);
      this.#refuse(session, toModwireError(thrown), frame.id);
      return;
    }
    this.frameCount++;
    this.frameBytes += end - start;
    if (audience !== this.#run || start !== this.#runEnd) {
      this.#endRun(session, memory.u8);
      this.#run = audience;
      this.#runStart = start;
    }
    this.#runEnd = end;
  }

  #endRun(session: Session, bytes: Uint8Array): void {
    const audience = this.#run;
    if (audience === undefined) return;
    this.#run = undefined;
    this.#parts.fanOut.gather(audience, bytes, this.#runStart, this.#runEnd);
    if (audience.state.waiting !== 'nobody') this.#parts.credit.hold(session, audience);
  }

  #acknowledge(session: Session, id: Uint8Array, epoch: number, sequence: number): void {
    session.acks ??= [];
    session.acks.push({ id, epoch, sequence });
    this.#acking.add(session);
    this.#parts.fanOut.schedule();
    if (session.acks.length >= this.#parts.limits.maxPendingAcks) this.sendAcks();
  }

  #refuse(session: Session, error: ModwireError, reference?: Uint8Array): void {
    this.refusedCount++;
    emit('modwire:refused', () => ({ session: session.memberId, code: error.code, message: error.message }));
    session.send({ type: 'failure', code: error.row.number, message: error.message, reference });
  }

  #malformed(session: Session, violation: Violation): void {
    session.violations++;
    this.#refuse(session, new ModwireError('MALFORMED_FRAME', `not a frame: ${violation.text}`));
    if (session.violations > this.#parts.limits.maxViolations) {
      session.disconnect(CLOSE_CODES.TOO_MANY_VIOLATIONS, 'too many malformed frames');
    }
  }

  /** Where the next entry would begin cannot be known: nothing after this can be read. */
  #unreadable(session: Session, violation: Violation): void {
    this.#refuse(session, new ModwireError('MALFORMED_FRAME', `not a batch: ${violation.text}`));
    session.disconnect(CLOSE_CODES.UNSUPPORTED_DATA, 'not a batch');
  }

  #breach(session: Session, what: string): void {
    const message = `${what}: expected a hello first`;
    emit('modwire:refused', () => ({ session: session.memberId, code: 'PROTOCOL_VIOLATION', message }));
    session.send({ type: 'failure', code: ERRORS.PROTOCOL_VIOLATION.number, message });
    session.disconnect(CLOSE_CODES.PROTOCOL_VIOLATION, what);
  }
}

function tooLarge(byteLength: number, limits: Limits): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'frame too large',
    expected: `at most maxFrameBytes = ${limits.maxFrameBytes}`,
    got: `${byteLength} bytes`,
    advice: 'send less in one message or raise maxFrameBytes',
  });
}

function unknownKind(kind: number): ModwireError {
  return new ModwireError('UNIMPLEMENTED', {
    what: 'kind of frame not supported',
    expected: `kind ${Kind.message} (message)`,
    got: `kind ${kind}${Kind[kind] === undefined ? '' : ` (${Kind[kind]})`}`,
    advice: 'use a broker of a later version',
  });
}
