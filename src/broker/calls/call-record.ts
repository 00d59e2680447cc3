import type { FrameView } from '../../codec/frame-view.js';
import type { ErrorCode } from '../../errors.js';

/** Who keeps what a call is answered with. Must not throw, nor begin or end calls. */
export interface CallRecord {
  /** A reply that its caller has just been handed, borrowed until this returns. */
  reply(frame: FrameView, isLast: boolean): void;
  /** The call has had its end: undefined when it was answered, CANCELLED when its caller gave it up. */
  ended(outcome: ErrorCode | undefined): void;
}
