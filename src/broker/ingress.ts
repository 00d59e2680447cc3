import { BatchReader } from '../codec/batch.js';
import type { FrameVerifier } from '../codec/frame-verifier.js';
import { FrameView } from '../codec/frame-view.js';
import { Kind } from '../codec/generated/modwire/kind.js';
import { Memory } from '../codec/memory.js';
import type { Violation } from '../codec/verify-rule.js';
import { ERRORS, ModwireError, toModwireError } from '../errors.js';
import { emit } from '../events.js';
import type { Limits } from '../limits.js';
import { type Acknowledgements, wantsAck } from './acknowledgements.js';
import type { Admission } from './admission.js';
import type { AcceptedVersion } from './bound-contracts.js';
import type { Calls } from './calls/calls.js';
import { nowMicros } from './clock.js';
import { CLOSE_CODES } from './close-codes.js';
import type { FanOut } from './fan-out.js';
import type { GroupDelivery } from './groups/group-delivery.js';
import { PayloadRun } from './payload-run.js';
import type { PublishCredit } from './publish-credit.js';
import type { BrokerAudience, BrokerSubject, Session } from './session.js';
import { SessionOrigin, type SessionOriginParts } from './session-origin.js';
import type { SessionWaits } from './session-waits.js';

export interface IngressParts {
  readonly limits: Limits;
  readonly admission: Admission;
  readonly calls: Calls;
  readonly fanOut: FanOut;
  readonly groups: GroupDelivery;
  readonly credit: PublishCredit;
  readonly acks: Acknowledgements;
  readonly waits: SessionWaits;
  /** Takes the control message at `start` to `end` of a batch. */
  readonly control: (session: Session, memory: Memory, start: number, end: number) => void;
}

/**
 * The path of a frame through the broker: found in its batch, verified once, admitted and stamped in place, gathered
 * for its audience. Frames that lie side by side and go to the same audience move as one run of bytes.
 */
export class Ingress {
  readonly #parts: IngressParts;
  readonly #batch = new BatchReader();
  readonly #verifier: FrameVerifier;
  readonly #frame = new FrameView();
  readonly #originParts: SessionOriginParts;
  readonly #payloads = new PayloadRun();
  /** For frames of a run that are looked at again, while `#frame` is at the one behind it. */
  readonly #again = new FrameView();

  #run: BrokerAudience | undefined;
  #runStart = 0;
  #runEnd = 0;
  /** When its first frame came, on the broker's clock. */
  #runTime = 0;

  constructor(parts: IngressParts) {
    this.#parts = parts;
    this.#verifier = parts.admission.createVerifier();
    this.#originParts = {
      waits: parts.waits,
      accepted: (session, subject, frame) => this.#accepted(session, subject, frame),
      kept: (session, subject, frame) => {
        this.#deliver(session, subject, frame, parts.admission.deliver(subject, frame));
      },
      duplicate: (session, id, position) => parts.acks.add(session, id, position),
      refused: (session, error, id, frame) => this.#refuse(session, error, id, frame),
    };
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

  #admit(session: Session, memory: Memory, start: number, end: number, brokerTime: number): void {
    const frame = this.#frame;
    if (!this.#verifier.verify(memory, start, end, frame)) {
      this.#endRun(session, memory.u8);
      this.#malformed(session, frame.violation!);
      return;
    }
    const { admission, calls } = this.#parts;
    if (frame.kind !== Kind.message && calls.take(session, frame)) return;
    let audience: BrokerAudience | undefined;
    try {
      const subject = admission.subjectOf(frame, brokerTime);
      const version = this.#payloads.inUse ? admission.mayWait(subject, frame) : undefined;
      if (version === undefined) {
        if (this.#payloads.count > 0) this.#endRun(session, memory.u8);
        audience = this.#enter(session, subject, memory, brokerTime, frame);
      } else {
        // Before it has its place: those of the run may have to be given anew.
        if (!this.#continues(subject, version, start)) this.#endRun(session, memory.u8);
        audience = admission.enter(subject, frame, brokerTime);
        this.#payloads.add(subject, version, frame);
      }
    } catch (thrown) {
      this.#endRun(session, memory.u8);
      this.#refuse(session, toModwireError(thrown), frame.id, frame);
      return;
    }
    if (audience === undefined) return;
    if (audience !== this.#run || start !== this.#runEnd) {
      if (this.#run !== undefined) this.#endRun(session, memory.u8);
      this.#run = audience;
      this.#runStart = start;
      this.#runTime = brokerTime;
    }
    this.#runEnd = end;
  }

  /** Whether a frame whose payload may wait belongs to the present run. */
  #continues(subject: BrokerSubject, version: AcceptedVersion, start: number): boolean {
    if (this.#payloads.count === 0 || !this.#payloads.takes(subject, version)) return false;
    const { state } = subject;
    return state === this.#run && !state.duplicate && start === this.#runEnd;
  }

  /** For whom a frame is that has passed what its subject asks for; undefined when it waits for a verdict. Throws what refuses it. */
  #enter(
    session: Session,
    subject: BrokerSubject,
    memory: Memory,
    brokerTime: number,
    frame: FrameView,
  ): BrokerAudience | undefined {
    const { admission, acks } = this.#parts;
    const { gate } = subject;
    if (gate !== undefined) {
      if (admission.takesDetour(subject, gate, frame, session, this.#originOf)) return undefined;
      if (gate.stream !== undefined) {
        admission.keep(subject, gate, gate.stream, frame, this.#originOf(session));
        return undefined;
      }
      // Frames of one subject may go to different audiences then, and have to leave in their order.
      if (gate.narrow) this.#endRun(session, memory.u8);
    }
    const audience = admission.enter(subject, frame, brokerTime);
    if (wantsAck(frame)) acks.add(session, frame.id.slice(), subject);
    if (gate !== undefined) this.#holdForGroups(session, subject);
    return audience;
  }

  /** Takes a frame that waited for its verdict. */
  #accepted(session: Session, subject: BrokerSubject, frame: FrameView): void {
    const { admission } = this.#parts;
    const { gate } = subject;
    if (gate?.stream === undefined) {
      this.#deliver(session, subject, frame, admission.enter(subject, frame, nowMicros()));
      return;
    }
    try {
      admission.keep(subject, gate, gate.stream, frame, this.#originOf(session));
    } catch (thrown) {
      this.#refuse(session, toModwireError(thrown), frame.id, frame);
    }
  }

  /** Hands a frame that has its place to its audience. */
  #deliver(session: Session, subject: BrokerSubject, frame: FrameView, audience: BrokerAudience): void {
    if (wantsAck(frame)) this.#parts.acks.add(session, frame.id.slice(), frame);
    this.#parts.fanOut.gather(audience, frame.memory.u8, frame.start, frame.end);
    this.#holdCredit(session, audience);
    this.#holdForGroups(session, subject);
  }

  readonly #originOf = (session: Session) => new SessionOrigin(session, this.#originParts);

  #endRun(session: Session, bytes: Uint8Array): void {
    const audience = this.#run;
    if (audience === undefined) return;
    this.#run = undefined;
    const { subject, count } = this.#payloads;
    if (subject !== undefined && !this.#payloads.end(bytes)) {
      this.#parts.admission.takeBack(subject, count, this.#runEnd - this.#runStart);
      this.#onePerOne(session, subject, bytes);
      return;
    }
    this.#parts.fanOut.gather(audience, bytes, this.#runStart, this.#runEnd);
    this.#holdCredit(session, audience);
  }

  /** Admits the frames of a run in which some do not verify one by one: those that do take their places anew. */
  #onePerOne(session: Session, subject: BrokerSubject, bytes: Uint8Array): void {
    const memory = new Memory(bytes);
    const frame = this.#again;
    const end = this.#runEnd;
    for (let start = this.#runStart; start < end; start = frame.end) {
      this.#verifier.verify(memory, start, start + memory.data.getUint32(start, true) + 4, frame);
      try {
        const audience = this.#enter(session, subject, memory, this.#runTime, frame);
        if (audience === undefined) continue;
        this.#parts.fanOut.gather(audience, bytes, frame.start, frame.end);
        this.#holdCredit(session, audience);
      } catch (thrown) {
        this.#refuse(session, toModwireError(thrown), frame.id, frame);
      }
    }
  }

  #holdCredit(session: Session, audience: BrokerAudience): void {
    if (audience.state.waiting !== 'nobody' && !session.closed) this.#parts.credit.hold(session, audience);
  }

  #holdForGroups(session: Session, { gate }: BrokerSubject): void {
    if (gate === undefined || gate.groups.length === 0) return;
    this.#parts.groups.visitWaiting(gate, (sessions) => this.#holdCredit(session, sessions));
  }

  #refuse(session: Session, error: ModwireError, reference?: Uint8Array, frame?: FrameView): void {
    this.#parts.admission.refused(error, frame);
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
