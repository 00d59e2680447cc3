import type { ControlOf, MissedRange, SubjectPosition } from '../codec/control-message.js';
import { FrameVerifier } from '../codec/frame-verifier.js';
import { FrameView } from '../codec/frame-view.js';
import { Kind } from '../codec/generated/modwire/kind.js';
import type { Memory } from '../codec/memory.js';
import { SubjectTable } from '../codec/subject-table.js';
import { encodeUtf8 } from '../codec/utf8.js';
import { ModwireError } from '../errors.js';
import { TokenTrie } from '../routing/token-trie.js';
import type { Gap, GapReason } from './client-events.js';
import { DroppedFrames } from './dropped-frames.js';
import type { AnySubscription } from './subscription.js';

/** What a position takes in a message beside its text, and a message beside its positions. Bytes. */
const POSITION_BYTES = 48;
const MESSAGE_BYTES = 1024;

/** A subject that this client receives. */
interface Tracked {
  readonly text: string;
  /** 0 before anything is known of it. */
  epoch: number;
  /** Of the last frame seen, or known to have passed by. */
  sequence: number;
  subscriptions: AnySubscription[];
}

/** Takes the frames of a handout, one after the other. */
export interface Handout {
  /** Whether there is another frame of it. */
  readonly more: boolean;
  /** Takes the next frame, which is only valid until this returns; undefined for bytes that are none. */
  next(frame: FrameView | undefined): void;
}

export interface InboxHost {
  /** A frame of another kind than a message; it is only valid until this returns. */
  readonly call: (frame: FrameView) => void;
  readonly gap: (gap: Gap) => void;
  readonly failed: (error: ModwireError) => void;
}

/** Incoming frames: verified once; messages matched to subscriptions and held against the sequence of their subject. */
export class Inbox {
  readonly #host: InboxHost;
  readonly #maxTracked: number;
  readonly #verifier: FrameVerifier;
  readonly #frame = new FrameView();
  /** Finds a frame's subject without making text. */
  readonly #bySubject = new SubjectTable<Tracked>();
  /** The same, and those of which only the position is known. In the order of their appearance. */
  readonly #byText = new Map<string, Tracked>();
  readonly #tracked = new TokenTrie<Tracked>();
  readonly #filters = new TokenTrie<AnySubscription>();
  readonly #dropped: DroppedFrames;
  /** Whether what comes is the share of one subscription, and of which; undefined when that has ended. */
  #sharing = false;
  #sharer: AnySubscription | undefined;
  /** Whose records come next. */
  #handout: Handout | undefined;

  constructor(maxTracked: number, atEndOfTurn: (action: () => void) => void, host: InboxHost) {
    this.#maxTracked = maxTracked;
    this.#host = host;
    this.#dropped = new DroppedFrames(atEndOfTurn, host.gap);
    this.#verifier = new FrameVerifier(crypto.getRandomValues(new Int32Array(1))[0]);
  }

  /** Takes the frame between `start` and `end`. */
  frame(memory: Memory, start: number, end: number): void {
    const frame = this.#frame;
    const isFrame = this.#verifier.verify(memory, start, end, frame);
    if (!isFrame) {
      this.#host.failed(
        new ModwireError('MALFORMED_FRAME', `the broker sent what is not a frame: ${frame.violation!.text}`),
      );
    }
    if (this.#handout !== undefined) {
      this.#handOut(this.#handout, isFrame ? frame : undefined);
      return;
    }
    if (!isFrame) return;
    if (frame.kind !== Kind.message) {
      // Calls are between a caller and a worker: no part of what their subject's subscribers count.
      this.#host.call(frame);
      return;
    }
    const tracked = this.#bySubject.find(frame) ?? this.#meet(frame);
    frame.subjectText = tracked.text;
    if (this.#sharing) {
      // What lies between went to others: no part of what is counted here.
      this.#sharer?.deliver(frame);
      return;
    }
    if (!this.#advance(tracked, frame.epoch, frame.sequence)) return;
    const { subscriptions } = tracked;
    for (let index = 0; index < subscriptions.length; index++) subscriptions[index]!.deliver(frame);
  }

  /** What follows in this WebSocket message is for one subscription alone, as a member of its group. */
  share(subscription: AnySubscription | undefined): void {
    this.#sharing = true;
    this.#sharer = subscription;
  }

  /** As many of the frames that follow in this WebSocket message as it takes are records of a stream, for one consumer alone. */
  handout(handout: Handout): void {
    if (handout.more) this.#handout = handout;
  }

  /** The WebSocket message is over. */
  endMessage(): void {
    this.#sharing = false;
    this.#sharer = undefined;
    if (this.#handout === undefined) return;
    this.#handout = undefined;
    this.#host.failed(
      new ModwireError('PROTOCOL_VIOLATION', 'the broker sent fewer records than it said it would'),
    );
  }

  /** A subscription that the broker has accepted, with where its subjects stand. */
  add(subscription: AnySubscription, positions: readonly SubjectPosition[], complete: boolean): void {
    subscription.complete = complete;
    this.#filters.add(subscription.filter, subscription);
    this.#rematch(subscription.filter);
    this.baseline(positions);
  }

  /** Where subjects stand of which nothing is known yet. */
  baseline(positions: readonly SubjectPosition[]): void {
    for (const { subject, epoch, sequence } of positions) {
      const tracked = this.#track(subject);
      if (tracked.epoch !== 0) continue;
      tracked.epoch = epoch;
      tracked.sequence = sequence;
    }
  }

  remove(subscription: AnySubscription): void {
    this.#filters.delete(subscription.filter, subscription);
    // Positions of subjects that nobody follows any more would look like gaps later.
    const unfollowed = this.#rematch(subscription.filter).filter(
      (tracked) => tracked.subscriptions.length === 0,
    );
    this.#forget(new Set(unfollowed));
  }

  /**
   * What has been seen of a subscription's subjects, to resume it: as much as fits into a message of `maxBytes`. When
   * that is not all, the subscription is no longer complete, and what the rest has missed shows with its next frames.
   */
  positions(subscription: AnySubscription, maxBytes: number): SubjectPosition[] {
    const positions: SubjectPosition[] = [];
    let room = maxBytes - MESSAGE_BYTES;
    this.#tracked.selectedBy(subscription.filter, ({ text, epoch, sequence }) => {
      if (epoch === 0) return;
      room -= POSITION_BYTES + encodeUtf8(text).length;
      if (room < 0) subscription.complete = false;
      else positions.push({ subject: text, epoch, sequence });
    });
    return positions;
  }

  /** The broker says what has passed this client by, or all members of a group. */
  gap(ranges: readonly MissedRange[], reason: GapReason): void {
    if (this.#sharing) for (const range of ranges) this.#host.gap({ ...range, reason: 'group' });
    else this.missed(ranges, reason);
  }

  /** The broker says what will not come. What was seen or told before is not told again. */
  missed(ranges: readonly MissedRange[], reason: GapReason): void {
    for (const range of ranges) {
      const tracked = this.#track(range.subject);
      const sameCount = tracked.epoch === range.epoch;
      if (range.last === 0) {
        // The count has ended: whatever comes next begins a new one, at 1.
        if (!sameCount) continue;
        this.#forgetCount(tracked);
        this.#host.gap({ ...range, reason });
      } else if (!sameCount || range.last > tracked.sequence) {
        const first = sameCount ? Math.max(range.first, tracked.sequence + 1) : range.first;
        tracked.epoch = range.epoch;
        tracked.sequence = range.last;
        this.#host.gap({ ...range, first, reason });
      }
    }
  }

  /** The broker keeps frames back that nobody here, or nobody of a group, can read: they count as seen. */
  withheld({ subject, epoch, first, last, schemaId }: ControlOf<'withheld'>): void {
    if (this.#sharing) {
      this.#sharer?.withheld(subject, schemaId, last - first + 1);
      return;
    }
    const tracked = this.#track(subject);
    const from = epoch === tracked.epoch ? Math.max(first, tracked.sequence + 1) : first;
    if (from > last) return;
    this.#advance(tracked, epoch, from);
    tracked.sequence = last;
    for (const subscription of tracked.subscriptions)
      subscription.withheld(subject, schemaId, last - from + 1);
  }

  /** A frame that this client itself could not keep. */
  dropped(frame: FrameView): void {
    this.#dropped.add(frame);
  }

  /** False for a frame that was seen before. */
  #advance(tracked: Tracked, epoch: number, sequence: number): boolean {
    if (epoch === tracked.epoch && sequence === tracked.sequence + 1) {
      tracked.sequence = sequence;
      return true;
    }
    const { text } = tracked;
    if (epoch === tracked.epoch) {
      if (sequence <= tracked.sequence) return false;
      const first = tracked.sequence + 1;
      tracked.sequence = sequence;
      this.#host.gap({ subject: text, epoch, first, last: sequence - 1, reason: 'sequence' });
      return true;
    }
    const expectedFirst =
      tracked.epoch !== 0 || tracked.subscriptions.some((subscription) => subscription.complete);
    tracked.epoch = epoch;
    tracked.sequence = sequence;
    if (expectedFirst && sequence > 1) {
      this.#host.gap({ subject: text, epoch, first: 1, last: sequence - 1, reason: 'sequence' });
    }
    return true;
  }

  /** Records count in their stream, not in their subject. */
  #handOut(handout: Handout, frame: FrameView | undefined): void {
    handout.next(frame);
    if (!handout.more) this.#handout = undefined;
  }

  #meet(frame: FrameView): Tracked {
    const tracked = this.#track(frame.subject);
    this.#bySubject.add(frame, tracked);
    return tracked;
  }

  #track(text: string): Tracked {
    let tracked = this.#byText.get(text);
    if (tracked !== undefined) return tracked;
    if (this.#byText.size >= this.#maxTracked) this.#forgetOldest();
    tracked = { text, epoch: 0, sequence: 0, subscriptions: this.#selecting(text) };
    this.#byText.set(text, tracked);
    this.#tracked.add(text, tracked);
    return tracked;
  }

  /** At the bound a tenth goes at once, since finding their bytes means looking at all. */
  #forgetOldest(): void {
    const oldest = new Set<Tracked>();
    for (const tracked of this.#byText.values()) {
      if (oldest.size * 10 > this.#maxTracked) break;
      oldest.add(tracked);
      for (const subscription of tracked.subscriptions) subscription.complete = false;
    }
    this.#forget(oldest);
  }

  #forget(forgotten: ReadonlySet<Tracked>): void {
    if (forgotten.size === 0) return;
    for (const tracked of forgotten) {
      this.#byText.delete(tracked.text);
      this.#tracked.delete(tracked.text, tracked);
    }
    this.#bySubject.deleteWhere((tracked) => forgotten.has(tracked));
  }

  #forgetCount(tracked: Tracked): void {
    tracked.epoch = 0;
    tracked.sequence = 0;
  }

  /** Finds anew who follows the known subjects of a filter; returns those. */
  #rematch(filter: string): Tracked[] {
    const affected: Tracked[] = [];
    this.#tracked.selectedBy(filter, (tracked) => affected.push(tracked));
    for (const tracked of affected) tracked.subscriptions = this.#selecting(tracked.text);
    return affected;
  }

  #selecting(text: string): AnySubscription[] {
    const subscriptions: AnySubscription[] = [];
    this.#filters.selecting(text, (subscription) => subscriptions.push(subscription));
    return subscriptions;
  }
}
