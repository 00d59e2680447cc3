import type { TraceContext } from '../codec/frame-fields.js';
import type { ContentType } from '../codec/generated/modwire/content-type.js';

/** What a message may carry beside its subject and payload. Everything left out is absent from the frame. */
export interface PublishOptions {
  /**
   * Of the message: 16 bytes. A stream stores a message once however often it comes with the same id within its
   * deduplication window; without, each has one of its own.
   */
  readonly id?: Uint8Array;
  /** Of a payload given as bytes; `bytes` by default. Other payloads are JSON. */
  readonly contentType?: ContentType;
  /** 0 (normal) to 255; higher goes first where frames wait. */
  readonly priority?: number;
  /** Remaining time to react, in whole microseconds. */
  readonly timeout?: number;
  /** 16 bytes. */
  readonly correlationId?: Uint8Array;
  /** Id of the message that caused this one: 16 bytes. */
  readonly causationId?: Uint8Array;
  /** Content hash of the payload's schema: 16 bytes. */
  readonly schemaId?: Uint8Array;
  /** The trace this message belongs to; without, it begins one whose id is the message id. */
  readonly trace?: TraceContext;
  readonly tracestate?: string;
  readonly baggage?: string;
  readonly experiment?: string;
  readonly variant?: string;
  readonly assignmentKey?: string;
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]>;
}

export interface AckedPublishOptions extends PublishOptions {
  /** Wait until the broker has admitted the message. */
  readonly ack: true;
  readonly signal?: AbortSignal;
}

/** The same for a value of a contract, which says the rest. */
export type ContractPublishOptions = Omit<PublishOptions, 'contentType' | 'schemaId'>;
export type AckedContractPublishOptions = Omit<AckedPublishOptions, 'contentType' | 'schemaId'>;

/** The broker's word that it has admitted a message. */
export interface PublishAck {
  readonly subject: string;
  /** Message id: 16 bytes. */
  readonly id: Uint8Array;
  readonly epoch: number;
  readonly sequence: number;
}

/** Bytes as they are, or any value that JSON can write. */
export type Payload = Uint8Array | string | number | boolean | null | object;
