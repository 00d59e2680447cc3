import type { FrameView } from '../../codec/frame-view.js';
import type { MirroredOutcome } from '../../mirroring/compare-replies.js';
import type { MirroredReply } from '../../mirroring/reply-reading.js';
import type { CallOutcome } from '../calls/call-observer.js';
import type { CallRecord } from '../calls/call-record.js';
import type { BrokerCall } from '../calls/worker-group.js';
import type { MirrorReport, SkipReason, UncomparedReason } from './mirror-report.js';

/** What a pair needs of whoever mirrors. */
export interface MirrorPairHost {
  /** Makes room to keep so many bytes more of a pair; false when there is none. */
  readonly keep: (pair: MirrorPair, byteLength: number) => boolean;
  /** Lets go of all that was kept of it. */
  readonly letGo: (pair: MirrorPair) => void;
  readonly schemaOf: (reply: FrameView) => MirroredReply['schema'];
  /** Both have ended, and are to be compared. */
  readonly complete: (pair: MirrorPair) => void;
  /** Nobody is interested in the copy any more. */
  readonly giveUp: (copy: BrokerCall) => void;
  /** The copy has had its end. */
  readonly copyEnded: (pair: MirrorPair) => void;
  /** The copy was answered with a part of a stream. */
  readonly took: (copy: BrokerCall, replies: number) => void;
}

/** A request of which there is a copy, and what both are answered with until they can be compared. */
export class MirrorPair {
  readonly report: MirrorReport;
  /** Of the request: 16 bytes. */
  readonly id: Uint8Array;
  readonly primary: ReplyRecord;
  readonly shadow: ReplyRecord;
  /** Kept of it. Bytes. */
  bytes = 0;
  /** The copy, from when a worker has it. */
  copy: BrokerCall | undefined;
  readonly #host: MirrorPairHost;
  /** Why there is to be no copy after all. What is kept counts until its turn would have come. */
  #unwanted: SkipReason | undefined;
  #settled = false;

  constructor(report: MirrorReport, id: Uint8Array, host: MirrorPairHost) {
    this.report = report;
    this.id = id;
    this.#host = host;
    report.begun();
    this.primary = new ReplyRecord(this, host);
    this.shadow = new ReplyRecord(this, host);
  }

  /** It needs nothing more of either call. */
  get settled(): boolean {
    return this.#settled || this.#unwanted !== undefined;
  }

  /** Why there is to be no copy; undefined when there is to be one. */
  get unwanted(): SkipReason | undefined {
    return this.#unwanted;
  }

  /** There is no copy. */
  skip(reason: SkipReason): void {
    if (this.#settle()) this.report.dropped(this.#unwanted ?? reason);
  }

  /** There is no comparison. */
  drop(reason: UncomparedReason): void {
    const { copy } = this;
    if (copy === undefined) this.#unwanted ??= reason === 'large' ? 'memory' : 'ended';
    else if (this.#settle()) {
      this.report.uncompared(reason);
      this.#host.giveUp(copy);
    }
  }

  /** One of both has ended. */
  ended(): void {
    if (this.#settled || !this.primary.over || !this.shadow.over) return;
    this.#settled = true;
    this.#host.complete(this);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    this.#host.letGo(this);
    return true;
  }
}

/** Keeps what one of both calls is answered with. */
export class ReplyRecord implements CallRecord, MirroredOutcome {
  readonly replies: MirroredReply[] = [];
  error: CallOutcome;
  over = false;
  readonly #pair: MirrorPair;
  readonly #host: MirrorPairHost;
  #parts = 0;

  constructor(pair: MirrorPair, host: MirrorPairHost) {
    this.#pair = pair;
    this.#host = host;
  }

  reply(frame: FrameView, isLast: boolean): void {
    const pair = this.#pair;
    if (pair.settled) return;
    // The one that only ends a stream is none.
    if (isLast && frame.payloadLength === 0 && this.replies.length > 0) return;
    if (!this.#host.keep(pair, frame.payloadLength)) {
      pair.drop('large');
      return;
    }
    const { contentType } = frame;
    // Of its own, so that it can move to another thread.
    this.replies.push({ contentType, payload: frame.payload.slice(), schema: this.#host.schemaOf(frame) });
    if (!isLast && this === pair.shadow) this.#host.took(pair.copy!, ++this.#parts);
  }

  ended(outcome: CallOutcome): void {
    const pair = this.#pair;
    if (this === pair.shadow) this.#host.copyEnded(pair);
    if (pair.settled) return;
    this.over = true;
    this.error = outcome;
    if (outcome === 'CANCELLED' && this === pair.primary) pair.drop('cancelled');
    else if (outcome === 'REJECTED' && this === pair.shadow) pair.drop('rejected');
    else pair.ended();
  }
}
