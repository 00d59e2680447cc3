import type { ControlOf } from '../../codec/control-message.js';
import type { FrameView } from '../../codec/frame-view.js';
import type { ModwireError } from '../../errors.js';
import type { LostRange } from './lost-range.js';
import type { Settlements } from './settlements.js';

/** Who takes records of a stream: a member of a durable consumer, or a reader. */
export interface StreamTaker {
  readonly stream: string;
  /** Names it on the wire. */
  readonly number: number;
  /** Whether the broker has ever accepted it. */
  accepted: boolean;
  /** What asks the broker for it, going on where it is. */
  readonly request: ControlOf<'consume'>;
  /** The broker has it; `about` is JSON that says from where it goes on. */
  takenUp(about: string): void;
  /** Takes a frame that is only valid until this returns. */
  record(frame: FrameView, offset: number, attempt: number): void;
  lost(range: LostRange): void;
  /** The connection is gone. */
  disconnected(): void;
  /** No more records come; the error says why, unless everything has come or nobody wants any more. */
  end(error: ModwireError | undefined): void;
  /** Ends it in order. */
  drain(): Promise<void>;
  /** Resolves when the handlers of the records that it has have ended. */
  idle(): Promise<void>;
}

/** What a taker needs of its client. */
export interface TakerHost {
  /** False when there is no connection. */
  readonly send: (message: ControlOf<'settle'>) => boolean;
  readonly settlements: Settlements;
  /** Something failed, and nobody waits for it. */
  readonly failed: (thrown: unknown) => void;
  /** Somebody begins to wait for what is sure to come, or does not wait any more. */
  readonly awaiting: () => void;
  /** Takes no more records. Resolves when no more come. */
  readonly leave: (taker: StreamTaker) => Promise<void>;
}
