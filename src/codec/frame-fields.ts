import type { ContentType } from './generated/modwire/content-type.js';
import type { Kind } from './generated/modwire/kind.js';

/** W3C Trace Context as a frame carries it. */
export interface TraceContext {
  /** 16 bytes, not all zero. */
  readonly traceId: Uint8Array;
  /** 8 bytes, not all zero. */
  readonly spanId: Uint8Array;
  /** Bit 0: sampled. */
  readonly flags: number;
}

/** What a producer says in a frame. Everything left out is absent from the bytes. */
export interface FrameFields {
  /** Dot-separated tokens; the writer does not check the grammar, the broker does. */
  readonly subject: string;
  readonly payload?: Uint8Array | undefined;
  /** Message id, a UUIDv7: 16 bytes. */
  readonly id: Uint8Array;
  /** Producer's clock in whole microseconds since the Unix epoch. */
  readonly publishedAt: number;
  /** Remaining time to answer in whole microseconds; 0 for none. */
  readonly timeout?: number | undefined;
  readonly kind?: Kind | undefined;
  readonly contentType?: ContentType | undefined;
  /** 0 (normal) to 255; higher goes first where frames wait. */
  readonly priority?: number | undefined;
  /** Bits of FrameFlags. */
  readonly flags?: number | undefined;
  readonly trace?: TraceContext | undefined;
  /** 16 bytes. */
  readonly correlationId?: Uint8Array | undefined;
  /** Id of the message that caused this one: 16 bytes. */
  readonly causationId?: Uint8Array | undefined;
  /** Content hash of the payload's schema: 16 bytes. */
  readonly schemaId?: Uint8Array | undefined;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
  readonly experiment?: string | undefined;
  readonly variant?: string | undefined;
  readonly assignmentKey?: string | undefined;
  readonly headers?: ReadonlyArray<readonly [name: string, value: string]> | undefined;
}
