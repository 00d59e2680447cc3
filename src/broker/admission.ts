import { FrameVerifier } from '../codec/frame-verifier.js';
import { FrameView } from '../codec/frame-view.js';
import { Kind } from '../codec/generated/modwire/kind.js';
import { Memory } from '../codec/memory.js';
import { ModwireError, toModwireError } from '../errors.js';
import type { Limits } from '../limits.js';
import { wantsAck } from './acknowledgements.js';
import type { AcceptedVersion, BoundContracts } from './bound-contracts.js';
import { nowMicros } from './clock.js';
import type { ContractGates } from './contract-gates.js';
import type { CountPosition, Detours, FrameOrigin } from './detours.js';
import type { FanOut } from './fan-out.js';
import type { GroupDelivery } from './groups/group-delivery.js';
import type { NarrowDelivery } from './narrow-delivery.js';
import type { OffloadThreshold } from './offload-threshold.js';
import { Quarantine } from './quarantine.js';
import type { BrokerAudience, BrokerGate, BrokerSubject, BrokerSubjects } from './session.js';
import type { Capture } from './streams/capture.js';

export interface AdmissionParts {
  readonly limits: Limits;
  readonly subjects: BrokerSubjects;
  readonly fanOut: FanOut;
  readonly gates: ContractGates;
  readonly contracts: BoundContracts;
  readonly detours: Detours;
  readonly narrow: NarrowDelivery;
  readonly groups: GroupDelivery;
  readonly offload: OffloadThreshold;
  /** The way into a stream, by its name. */
  readonly captures: { of(stream: string): Pick<Capture, 'take'> };
  /** Whether frames that break their contract are kept. */
  readonly quarantine: boolean;
  /** Finds the audience of a subject whose own has become equal to another. */
  readonly unite: (subject: BrokerSubject) => BrokerAudience;
  /** Randomises the hashes of subjects. */
  readonly seed: number;
}

/** Decides which frames enter, and gives them their place: from clients, over HTTP, and the broker's own. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #verifier: FrameVerifier;
  readonly #quarantine: Quarantine | undefined;
  /** Frames admitted since the start. */
  frameCount = 0;
  /** Bytes of those. */
  frameBytes = 0;
  /** Frames refused since the start. */
  refusedCount = 0;
  /** Of those, frames that broke their contract. */
  violationCount = 0;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#verifier = this.createVerifier();
    this.#quarantine = parts.quarantine ? new Quarantine((bytes) => this.publishOwn(bytes)) : undefined;
  }

  /** A verifier whose frames this admits. */
  createVerifier(): FrameVerifier {
    return new FrameVerifier(this.#parts.seed);
  }

  /** The subject of a verified frame. Throws what refuses it, whatever its contract. */
  subjectOf(frame: FrameView, brokerTime: number): BrokerSubject {
    const { limits, subjects } = this.#parts;
    if (frame.byteLength > limits.maxFrameBytes) throw frameTooLarge(frame.byteLength, limits);
    if (frame.kind !== Kind.message) throw unknownKind(frame.kind);
    return subjects.of(frame, Math.floor(brokerTime / 1000));
  }

  /**
   * Holds a frame against what its subject asks for. True when it waits for a verdict, or behind one that does: a copy of
   * it was taken. Throws what refuses it.
   */
  takesDetour<From>(
    subject: BrokerSubject,
    gate: BrokerGate,
    frame: FrameView,
    from: From,
    originOf: (from: From) => FrameOrigin,
  ): boolean {
    const { gates, contracts, detours, offload } = this.#parts;
    const version = gates.versionOf(gate, frame);
    const heavy = version !== undefined && frame.payloadLength >= offload.bytes;
    if (version !== undefined && !heavy) contracts.verify(version, frame);
    if (!heavy && gate.waiting === 0) return false;
    detours.take(originOf(from), subject, gate, heavy ? version : undefined, frame);
    return true;
  }

  /**
   * The version that a frame's payload has to verify against, when that may be done together with those of frames behind
   * it: nothing but its place depends on it. Throws what refuses it otherwise.
   */
  mayWait({ gate }: BrokerSubject, frame: FrameView): AcceptedVersion | undefined {
    if (
      gate?.contract === undefined ||
      gate.stream !== undefined ||
      gate.narrow ||
      gate.waiting > 0 ||
      wantsAck(frame)
    )
      return undefined;
    // What was handed to a member of a group cannot be taken back.
    if (gate.groups.length > 0) return undefined;
    if (frame.payloadLength >= this.#parts.offload.bytes) return undefined;
    return this.#parts.gates.versionOf(gate, frame);
  }

  /** The last so many frames of a subject, which have entered it, are to be looked at again. */
  takeBack(subject: BrokerSubject, count: number, byteLength: number): void {
    subject.sequence -= count;
    this.frameCount -= count;
    this.frameBytes -= byteLength;
  }

  /**
   * Gives a frame that has passed its place in its subject, and hands it to a member of each group; returns for whom it is
   * beside those.
   */
  enter(subject: BrokerSubject, frame: FrameView, brokerTime: number): BrokerAudience {
    frame.stamp(++subject.sequence, subject.epoch, brokerTime);
    return this.deliver(subject, frame);
  }

  /** Puts a frame that has passed into the stream of its subject, which delivers it then. Throws what refuses it. */
  keep(
    subject: BrokerSubject,
    gate: BrokerGate,
    stream: string,
    frame: FrameView,
    origin: FrameOrigin,
  ): void {
    this.#parts.captures.of(stream).take(origin, subject, gate, frame, nowMicros());
  }

  /** Hands a frame that has its place to a member of each group; returns for whom it is beside those. */
  deliver(subject: BrokerSubject, frame: FrameView): BrokerAudience {
    this.frameCount++;
    this.frameBytes += frame.byteLength;
    const audience = subject.state.duplicate ? this.#parts.unite(subject) : subject.state;
    const { gate } = subject;
    if (gate === undefined) return audience;
    if (gate.groups.length > 0) this.#parts.groups.hand(subject, gate, frame);
    return gate.narrow ? this.#parts.narrow.audienceOf(subject, gate, frame) : audience;
  }

  /** A frame was refused. `frame` is there when its bytes are. */
  refused(error: ModwireError, frame: FrameView | undefined): void {
    this.refusedCount++;
    if (error.code !== 'CONTRACT_VIOLATION') return;
    this.violationCount++;
    if (frame !== undefined) this.#quarantine?.keep(frame, error);
  }

  /** Publishes a frame that came by another way than a session. Rejects with what refuses it. */
  publish(bytes: Uint8Array): Promise<CountPosition> {
    return new Promise((resolve, reject) => {
      const frame = new FrameView();
      const origin: FrameOrigin = {
        waits: () => undefined,
        settled: () => undefined,
        accepted: (subject, accepted) => {
          const { gate } = subject;
          if (gate?.stream === undefined) {
            this.#gather(accepted, this.enter(subject, accepted, nowMicros()));
            resolve({ epoch: subject.epoch, sequence: subject.sequence });
            return;
          }
          try {
            this.keep(subject, gate, gate.stream, accepted, origin);
          } catch (thrown) {
            origin.refused(toModwireError(thrown), accepted.id, accepted);
          }
        },
        kept: (subject, kept) => {
          this.#gather(kept, this.deliver(subject, kept));
          resolve({ epoch: kept.epoch, sequence: kept.sequence });
        },
        duplicate: (_id, position) => resolve(position),
        refused: (error, _id, refused) => {
          this.refused(error, refused);
          reject(error);
        },
      };
      try {
        const subject = this.#subjectOfOwn(bytes, frame);
        const { gate } = subject;
        if (gate !== undefined && this.takesDetour(subject, gate, frame, origin, (own) => own)) return;
        origin.accepted(subject, frame);
      } catch (thrown) {
        origin.refused(toModwireError(thrown), new Uint8Array(0), frame);
      }
    });
  }

  /** Publishes a frame of the broker's own, to a reserved subject. */
  publishOwn(bytes: Uint8Array): void {
    const frame = new FrameView();
    try {
      const subject = this.#subjectOfOwn(bytes, frame);
      const { gate } = subject;
      if (gate?.stream === undefined) this.#gather(frame, this.enter(subject, frame, nowMicros()));
      else this.keep(subject, gate, gate.stream, frame, this.#own);
    } catch {
      // Too large, or no room for another subject: the publisher has been told all the same.
      this.refusedCount++;
    }
  }

  /** The broker as the origin of what it says: it does not wait. */
  readonly #own: FrameOrigin = {
    waits: () => undefined,
    settled: () => undefined,
    accepted: () => undefined,
    kept: (subject, frame) => this.#gather(frame, this.deliver(subject, frame)),
    duplicate: () => undefined,
    refused: () => {
      this.refusedCount++;
    },
  };

  #subjectOfOwn(bytes: Uint8Array, frame: FrameView): BrokerSubject {
    if (!this.#verifier.verify(new Memory(bytes), 0, bytes.length, frame)) {
      throw new ModwireError('MALFORMED_FRAME', `not a frame: ${frame.violation!.text}`);
    }
    return this.subjectOf(frame, nowMicros());
  }

  #gather(frame: FrameView, audience: BrokerAudience): void {
    this.#parts.fanOut.gather(audience, frame.memory.u8, frame.start, frame.end);
  }
}

/** The error of a frame larger than maxFrameBytes. */
export function frameTooLarge(byteLength: number, limits: Limits): ModwireError {
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
    expected: `kind ${Kind.message} (message) to ${Kind.cancel} (cancel)`,
    got: `kind ${kind}`,
    advice: 'use a broker of a later version',
  });
}
