/** Offsets of a stream side by side, both included. */
export interface OffsetRange {
  readonly first: number;
  readonly last: number;
}

/** What clients and brokers tell each other of streams; schemas/control.fbs says more about each. */
export type StreamMessage =
  | {
      readonly type: 'consume';
      /** Chosen by the client, from 1. */
      readonly consumer: number;
      readonly stream: string;
      /** Of the durable consumer; empty for a reader. */
      readonly name: string;
      /** Of a reader, as JSON; empty for a member of a durable consumer. */
      readonly options: string;
      /** Records that it takes without having settled any. */
      readonly capacity: number;
      /** Bytes of those. */
      readonly windowBytes: number;
    }
  | { readonly type: 'consuming'; readonly consumer: number; readonly json: string }
  | {
      readonly type: 'handout';
      readonly consumer: number;
      /** Of the frames that follow in the same WebSocket message. */
      readonly offsets: readonly OffsetRange[];
      /** How often each has been handed out; empty when none was before. */
      readonly attempts: readonly number[];
    }
  | {
      readonly type: 'settle';
      readonly consumer: number;
      /** A number of the enum Verdict; unknown ones come from newer versions. */
      readonly verdict: number;
      readonly offsets: readonly OffsetRange[];
      readonly delayMs: number;
      readonly reason: string;
    }
  | (OffsetRange & {
      readonly type: 'lost';
      readonly consumer: number;
      /** Number from the error table. */
      readonly code: number;
      readonly message: string;
    })
  | { readonly type: 'unconsume'; readonly consumer: number }
  | { readonly type: 'unconsumed'; readonly consumer: number }
  | {
      readonly type: 'finished';
      readonly consumer: number;
      /** Number from the error table; 0 when a reader is at its end. */
      readonly code: number;
      readonly message: string;
    }
  | {
      readonly type: 'manage';
      /** Chosen by the client, from 1. */
      readonly call: number;
      readonly operation: string;
      /** What it needs. */
      readonly json: string;
    }
  | {
      readonly type: 'managed';
      readonly call: number;
      /** What came of it. */
      readonly json: string;
    };
