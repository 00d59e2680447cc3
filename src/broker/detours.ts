import type { FrameView } from '../codec/frame-view.js';
import { Memory } from '../codec/memory.js';
import { type ModwireError, toModwireError } from '../errors.js';
import type { HeavyWork } from '../workers/heavy-work.js';
import { type AcceptedVersion, broken } from './bound-contracts.js';
import type { DetourRoom } from './detour-room.js';
import type { BrokerGate, BrokerSubject } from './session.js';

/** A place in the count of a subject. */
export interface CountPosition {
  readonly epoch: number;
  readonly sequence: number;
}

/** Where a frame came from. */
export interface FrameOrigin {
  /** It waits for a verdict, its own or that of one before it. */
  waits(byteLength: number): void;
  /** It waits no longer; `accepted` or `refused` has said what became of it. */
  settled(byteLength: number): void;
  /** It has passed what its subject asks for. */
  accepted(subject: BrokerSubject, frame: FrameView): void;
  /** Its stream has it, with its place: it may be delivered. */
  kept(subject: BrokerSubject, frame: FrameView): void;
  /** Its stream had it before, at this place; somebody waits for that word. */
  duplicate(id: Uint8Array, position: CountPosition): void;
  /** `frame` is undefined when its bytes were lost with a worker. */
  refused(error: ModwireError, id: Uint8Array, frame: FrameView | undefined): void;
}

interface Waiting {
  readonly origin: FrameOrigin;
  readonly frame: FrameView;
  readonly byteLength: number;
  /** Undefined: it has none yet. */
  accepted: boolean | undefined;
}

export interface DetoursParts {
  readonly work: HeavyWork;
  readonly room: DetourRoom;
}

/**
 * Frames whose payload is verified by the worker pool, and the later ones of the same subject, which wait behind them:
 * order per subject holds. Every frame is a copy of its own.
 */
export class Detours {
  readonly #parts: DetoursParts;
  readonly #queues = new Map<BrokerSubject, Waiting[]>();
  readonly #whenIdle: (() => void)[] = [];

  constructor(parts: DetoursParts) {
    this.#parts = parts;
  }

  /**
   * Takes a frame behind those of its subject that wait. With a version its payload is verified by the pool first;
   * without, it has passed. Throws RESOURCE_EXHAUSTED when there is no room.
   */
  take(
    origin: FrameOrigin,
    subject: BrokerSubject,
    gate: BrokerGate,
    version: AcceptedVersion | undefined,
    frame: FrameView,
  ): void {
    const { byteLength } = frame;
    this.#parts.room.take(byteLength, subject.text);
    const waiting: Waiting = {
      origin,
      frame: frame.copy(),
      byteLength,
      accepted: version ? undefined : true,
    };
    gate.waiting++;
    origin.waits(byteLength);
    const queue = this.#queues.get(subject);
    if (queue === undefined) this.#queues.set(subject, [waiting]);
    else queue.push(waiting);
    if (version !== undefined) void this.#verify(waiting, subject, gate, version);
  }

  /** Resolves when nothing waits. */
  idle(): Promise<void> {
    if (this.#queues.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  async #verify(
    waiting: Waiting,
    subject: BrokerSubject,
    gate: BrokerGate,
    version: AcceptedVersion,
  ): Promise<void> {
    const { frame, origin } = waiting;
    const id = frame.id.slice();
    const { payloadStart, payloadEnd } = frame;
    try {
      const { bytes, violation } = await this.#parts.work.verify(
        version.program,
        frame.memory.u8,
        payloadStart,
        payloadEnd,
      );
      frame.memory = new Memory(bytes);
      if (violation !== undefined) origin.refused(broken(version, frame, violation.text), id, frame);
      waiting.accepted = violation === undefined;
    } catch (thrown) {
      // The bytes may be gone with the worker: this frame is the price.
      origin.refused(toModwireError(thrown), id, undefined);
      waiting.accepted = false;
    }
    this.#advance(subject, gate);
  }

  /** Lets the first frames of a subject go whose verdicts are there. */
  #advance(subject: BrokerSubject, gate: BrokerGate): void {
    const queue = this.#queues.get(subject)!;
    let done = 0;
    while (done < queue.length && queue[done]!.accepted !== undefined) {
      const { origin, frame, byteLength, accepted } = queue[done++]!;
      gate.waiting--;
      this.#parts.room.giveBack(byteLength);
      if (accepted) origin.accepted(subject, frame);
      origin.settled(byteLength);
    }
    queue.splice(0, done);
    if (queue.length > 0) return;
    this.#queues.delete(subject);
    if (this.#queues.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
