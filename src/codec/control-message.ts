import type { StreamMessage } from './stream-message.js';

/** How far a subject has come in one epoch. */
export interface SubjectPosition {
  readonly subject: string;
  readonly epoch: number;
  /** Of the latest frame; 0 when there was none yet. */
  readonly sequence: number;
}

/** Frames of one subject that a subscriber will not get: `first` to `last`, both included. */
export interface MissedRange {
  readonly subject: string;
  readonly epoch: number;
  readonly first: number;
  /** 0 when nobody can know it: the broker that counted them is gone, or the loss goes on. */
  readonly last: number;
}

export interface AckEntry {
  /** Message id: 16 bytes. */
  readonly id: Uint8Array;
  readonly epoch: number;
  readonly sequence: number;
}

/** What clients and brokers tell each other; schemas/control.fbs says more about each. */
export type ControlMessage =
  | {
      readonly type: 'hello';
      readonly protocol: number;
      readonly clientName: string;
      readonly clientVersion: string;
    }
  | {
      readonly type: 'welcome';
      readonly protocol: number;
      readonly brokerName: string;
      readonly brokerVersion: string;
      readonly session: number;
      readonly heartbeatMs: number;
      readonly maxFrameBytes: number;
      readonly maxBatchBytes: number;
      readonly maxSubscriptions: number;
      readonly publishWindowBytes: number;
    }
  | {
      readonly type: 'subscribe';
      readonly subscription: number;
      readonly filter: string;
      readonly resume: boolean;
      readonly complete: boolean;
      readonly positions: readonly SubjectPosition[];
      /** Ids of the schemas that it reads, 16 bytes each; empty when it takes whatever comes. */
      readonly reads: readonly Uint8Array[];
      /** With whom it shares what it selects; empty when it gets everything. */
      readonly group: string;
      /** What a stream still has of what it missed is told as missed, and not sent. */
      readonly skipHistory: boolean;
    }
  | {
      readonly type: 'subscribed';
      readonly subscription: number;
      readonly positions: readonly SubjectPosition[];
      readonly complete: boolean;
      readonly missed: readonly MissedRange[];
    }
  | { readonly type: 'unsubscribe'; readonly subscription: number }
  | { readonly type: 'unsubscribed'; readonly subscription: number }
  | { readonly type: 'ack'; readonly entries: readonly AckEntry[] }
  | { readonly type: 'credit'; readonly bytes: number }
  | {
      readonly type: 'failure';
      /** Number from the error table. */
      readonly code: number;
      readonly message: string;
      /** Id of the frame it answers: 16 bytes. */
      readonly reference?: Uint8Array | undefined;
      readonly subscription?: number | undefined;
      /** The call it answers. */
      readonly call?: number | undefined;
    }
  | {
      readonly type: 'slow';
      readonly bufferedBytes: number;
      readonly limitBytes: number;
      readonly missed: readonly MissedRange[];
    }
  | { readonly type: 'gap'; readonly missed: readonly MissedRange[] }
  | { readonly type: 'ping'; readonly nonce: number }
  | { readonly type: 'pong'; readonly nonce: number }
  | {
      readonly type: 'goodbye';
      readonly code: number;
      readonly message: string;
      readonly graceMs: number;
    }
  | (MissedRange & {
      readonly type: 'withheld';
      /** 16 bytes; zeros when the frames carry none. */
      readonly schemaId: Uint8Array;
    })
  | {
      readonly type: 'unreadable';
      /** Whether all that was said so before no longer counts. */
      readonly anew: boolean;
      /** 16 bytes; zeros when the frames carry none. */
      readonly schemaId: Uint8Array;
      /** Numbers. */
      readonly subscriptions: readonly number[];
    }
  | {
      readonly type: 'register';
      /** Chosen by the client, from 1. */
      readonly call: number;
      readonly contract: string;
      readonly root: string;
      /** As `.bfbs`. */
      readonly schema: Uint8Array;
    }
  | {
      readonly type: 'registered';
      readonly call: number;
      readonly contract: string;
      readonly version: number;
      readonly schemaId: Uint8Array;
      readonly isNew: boolean;
      readonly unreadableBy: readonly string[];
    }
  | { readonly type: 'resolve'; readonly call: number; readonly schemaId: Uint8Array }
  | {
      readonly type: 'resolved';
      readonly call: number;
      readonly contract: string;
      readonly version: number;
      readonly schemaId: Uint8Array;
      readonly root: string;
      readonly schema: Uint8Array;
    }
  | {
      readonly type: 'serve';
      /** Chosen by the client, from 1. */
      readonly service: number;
      /** A subject or a filter. */
      readonly subject: string;
      /** Empty for the group without a name. */
      readonly group: string;
      /** SemVer; empty when it has none. */
      readonly version: string;
      readonly concurrency: number;
      /** A number of the enum WorkerPolicy; unknown ones come from newer versions. */
      readonly policy: number;
      /** Ids of the schemas of requests that it reads, 16 bytes each; empty when it takes whatever comes. */
      readonly reads: readonly Uint8Array[];
    }
  | { readonly type: 'serving'; readonly service: number }
  | { readonly type: 'unserve'; readonly service: number }
  | { readonly type: 'unserved'; readonly service: number }
  | {
      readonly type: 'capacity';
      readonly service: number;
      readonly concurrency: number;
      readonly ready: boolean;
    }
  | {
      readonly type: 'grant';
      /** Id of the request: 16 bytes. */
      readonly request: Uint8Array;
      /** In all, from the first on. */
      readonly replies: number;
    }
  | { readonly type: 'share'; readonly subscription: number }
  | {
      readonly type: 'explanation';
      /** Id of the request: 16 bytes. */
      readonly request: Uint8Array;
      /** A CallExplanation. */
      readonly json: string;
    }
  | StreamMessage;

/** The message of one type. */
export type ControlOf<Type extends ControlMessage['type']> = Extract<ControlMessage, { type: Type }>;

/** Version of the protocol that this code speaks. */
export const PROTOCOL_VERSION = 1;

/** Subprotocol of the WebSocket handshake. */
export const SUBPROTOCOL = 'modwire.v1';
