import type { FrameView } from '../codec/frame-view.js';
import { FrameFlags } from '../codec/generated/modwire/frame-flags.js';
import type { CountPosition } from './detours.js';
import type { FanOut } from './fan-out.js';
import type { Session } from './session.js';

/** Acknowledgements of one turn of the event loop, gathered per session. */
export class Acknowledgements {
  readonly #fanOut: FanOut;
  readonly #maxPending: number;
  readonly #sessions = new Set<Session>();

  constructor(fanOut: FanOut, maxPending: number) {
    this.#fanOut = fanOut;
    this.#maxPending = maxPending;
  }

  /** `id` is kept. */
  add(session: Session, id: Uint8Array, { epoch, sequence }: CountPosition): void {
    session.acks ??= [];
    session.acks.push({ id, epoch, sequence });
    this.#sessions.add(session);
    this.#fanOut.schedule();
    if (session.acks.length >= this.#maxPending) this.send();
  }

  send(): void {
    for (const session of this.#sessions) {
      if (!session.closed && session.acks !== undefined) session.send({ type: 'ack', entries: session.acks });
      session.acks = undefined;
    }
    this.#sessions.clear();
  }
}

/** Whether the publisher waits for the broker's word. */
export function wantsAck(frame: FrameView): boolean {
  return (frame.flags & FrameFlags.ack) !== 0;
}
