import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamRequestOptions } from '../../client/calls/call-options.js';
import type { Client } from '../../client/client.js';
import type { LostRange } from '../../client/streams/lost-range.js';
import type { FrameView } from '../../codec/frame-view.js';
import { VERSION_HEADER } from '../../codec/version-header.js';
import { type ErrorCode, ModwireError, toModwireError } from '../../errors.js';
import { compareReplies } from '../../mirroring/compare-replies.js';
import type { Tolerances } from '../../mirroring/tolerance.js';
import { ReplayPace } from '../../routing/replay-pace.js';
import { CounterfactualReport, type CounterfactualReportJson } from './counterfactual-report.js';
import { type RecordedCall, RecordedCalls } from './recorded-calls.js';
import { ReplySchemas } from './reply-schemas.js';
import type { OffsetRange, StreamPart } from './stream-place.js';

export interface CounterfactualPlan extends StreamPart {
  readonly stream: string;
  /** Range of versions that get the requests. */
  readonly against: string;
  /** Where the requests go, instead of to their own subjects. */
  readonly into: string | undefined;
  /** As ReplayPace takes it. */
  readonly speed: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** For each request; the client's own unless given. Milliseconds. */
  readonly timeoutMs: number | undefined;
  readonly tolerances: Partial<Tolerances>;
  /** Ends it early: no more requests are made, those under way are given up. */
  readonly interrupted: AbortSignal;
  /** How many requests have ended, and the offset of the last record that was read, of the first and of the last to be read. */
  readonly progress: (requests: number, offset: number, firstOffset: number, lastOffset: number) => void;
}

/** What came of a replay, and why it ended early if it did. */
export interface CounterfactualOutcome {
  readonly report: CounterfactualReportJson;
  readonly error: ModwireError | undefined;
}

/** Of the answer to one request. Bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Timers hold no more than a few weeks, and the clock may be set meanwhile. Milliseconds. */
const MAX_SLEEP_MS = 60_000;

/** Makes recorded requests again, for other versions, and compares what they are answered with what was recorded. */
export class Counterfactual {
  readonly #client: Client;
  readonly #plan: CounterfactualPlan;
  readonly #calls = new RecordedCalls();
  readonly #schemas: ReplySchemas;
  readonly #report = new CounterfactualReport();
  readonly #pace: ReplayPace;
  readonly #stop = new AbortController();
  readonly #lost: OffsetRange[] = [];
  /** Offsets of requests of which it is not known how they end: under way, or given up. */
  readonly #undone = new Set<number>();
  #running = 0;
  #freed: (() => void) | undefined;
  #failure: ModwireError | undefined;
  #next = 1;

  constructor(client: Client, plan: CounterfactualPlan) {
    this.#client = client;
    this.#plan = plan;
    this.#pace = new ReplayPace(plan.speed);
    this.#schemas = new ReplySchemas(client);
  }

  /** Rejects only when the stream cannot be read at all. */
  async run(): Promise<CounterfactualOutcome> {
    const { stream, against, from = 'all', to = 'end', filter } = this.#plan;
    const onLost = ({ first, last }: LostRange) => this.#lost.push({ first, last });
    const { signal } = this.#stop;
    const reader = await this.#client.readStream(stream, {
      ...{ from, to, signal, onLost },
      ...(filter !== undefined && { filter }),
    });
    const endWatch = this.#watch();
    const firstOffset = reader.nextOffset;
    const lastOffset = reader.lastOffset ?? 0;
    this.#next = firstOffset;
    try {
      for await (const records of reader.batches()) {
        for (const { frame, offset } of records) {
          const call = this.#calls.add(frame, offset);
          if (call !== undefined) await this.#again(call);
          this.#next = offset + 1;
          this.#plan.progress(this.#report.requests, offset, firstOffset, lastOffset);
        }
      }
      this.#next = Math.max(this.#next, lastOffset + 1);
    } catch (thrown) {
      this.#fail(toModwireError(thrown));
    }
    while (this.#running > 0) await this.#someEnded();
    endWatch();
    const nextOffset = Math.min(this.#next, this.#oldestUndone ?? this.#next);
    // Of an end that was not read yet nobody knows whether it is there.
    if (this.#failure === undefined) this.#calls.end();
    const { unanswered, copies } = this.#calls;
    const replay = { stream, against, skipped: { unanswered, copies }, lost: this.#lost, nextOffset };
    return { report: this.#report.toJSON(replay), error: this.#failure };
  }

  /** Fails when it is interrupted, or nobody knows any more how requests end. Until the returned function is called. */
  #watch(): () => void {
    const { interrupted } = this.#plan;
    const interrupt = () => this.#fail(new ModwireError('CANCELLED', 'interrupted'));
    const lose = () => this.#fail(new ModwireError('UNAVAILABLE', 'the connection was lost'));
    interrupted.addEventListener('abort', interrupt);
    if (interrupted.aborted) interrupt();
    const offDisconnect = this.#client.on('disconnect', lose);
    return () => {
      interrupted.removeEventListener('abort', interrupt);
      offDisconnect();
    };
  }

  /** Offset of a request that has to be made again to go on; undefined when there is none. */
  get #oldestUndone(): number | undefined {
    if (this.#failure === undefined) return undefined;
    const { oldestOffset } = this.#calls;
    return Math.min(oldestOffset ?? Number.POSITIVE_INFINITY, ...this.#undone);
  }

  /** Resolves when the request is under way, in its time and when there is room. */
  async #again(call: RecordedCall): Promise<void> {
    const { signal } = this.#stop;
    this.#undone.add(call.offset);
    for (;;) {
      const waitMs = this.#pace.waitMs(call.request.brokerTime / 1000, performance.now());
      if (waitMs === 0) break;
      await sleep(Math.min(waitMs, MAX_SLEEP_MS), undefined, { signal });
    }
    while (this.#running >= this.#plan.concurrency) await this.#someEnded();
    signal.throwIfAborted();
    this.#running++;
    void this.#make(call)
      .catch((thrown) => this.#fail(toModwireError(thrown)))
      .finally(() => {
        this.#running--;
        this.#freed?.();
      });
  }

  async #make(call: RecordedCall): Promise<void> {
    const { tolerances } = this.#plan;
    const startedAt = performance.now();
    const { frames, error, isWhole } = await this.#answer(call.request);
    const tookMs = performance.now() - startedAt;
    if (this.#failure !== undefined) return;
    const then = { replies: await this.#schemas.readAll(call.replies), error: call.error };
    const now = { replies: await this.#schemas.readAll(frames), error };
    const comparison = isWhole ? compareReplies(then, now, { tolerances }) : undefined;
    this.#report.ended(call, { error, tookMs, comparison });
    this.#undone.delete(call.offset);
  }

  /** All that a request is answered with now. Throws NO_RESPONDERS, since no version says that. */
  async #answer(
    request: FrameView,
  ): Promise<{ frames: FrameView[]; error: ErrorCode | undefined; isWhole: boolean }> {
    const frames: FrameView[] = [];
    let bytes = 0;
    try {
      const subject = this.#plan.into ?? request.subject;
      for await (const { frame } of this.#client.requestStream(
        subject,
        request.payload,
        this.#options(request),
      )) {
        bytes += frame.byteLength;
        if (bytes > MAX_ANSWER_BYTES) return { frames, error: undefined, isWhole: false };
        frames.push(frame);
      }
      return { frames, error: undefined, isWhole: true };
    } catch (thrown) {
      const error = toModwireError(thrown);
      if (error.code === 'NO_RESPONDERS') throw error;
      return { frames, error: error.code, isWhole: true };
    }
  }

  /** What its caller said then, on the trace of then; nothing of the experiment, which had its say. */
  #options(request: FrameView): StreamRequestOptions {
    const { against: version, timeoutMs } = this.#plan;
    const {
      id,
      contentType,
      priority,
      correlationId,
      schemaId,
      tracestate,
      baggage,
      assignmentKey: key,
    } = request;
    const { traceId, spanId, traceFlags: flags } = request;
    return {
      ...{ version, contentType, priority, causationId: id, trace: { traceId, spanId, flags } },
      ...(correlationId !== undefined && { correlationId }),
      ...(schemaId !== undefined && { schemaId }),
      ...(tracestate !== undefined && { tracestate }),
      ...(baggage !== undefined && { baggage }),
      ...(key !== undefined && { key }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      headers: request.headers.filter(([name]) => name !== VERSION_HEADER),
      // Whoever answers is to do nothing that was done then.
      ...{ mirrored: true, replayed: true, signal: this.#stop.signal },
    };
  }

  #someEnded(): Promise<void> {
    return new Promise((resolve) => {
      this.#freed = resolve;
    });
  }

  /** What comes first is the cause; the rest follows from it. */
  #fail(error: ModwireError): void {
    this.#failure ??= error;
    this.#stop.abort(this.#failure);
  }
}
