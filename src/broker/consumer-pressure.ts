import type { Limits } from '../limits.js';
import { Patience } from './patience.js';
import type { PublishCredit } from './publish-credit.js';
import type { BrokerAudience, Session } from './session.js';

/** A consumer lags with more than this part of slowConsumerBytes buffered. */
const LAG_PART = 2;

/** Less patience than this is none: what it could gain is not worth the interruption. Milliseconds. */
const LEAST_PATIENCE_MS = 10;

/**
 * Watches what consumers have buffered, before the transport would have to drop anything, and says when publishers
 * have to wait:
 * - for the fastest, when every consumer of an audience is congested;
 * - for those who lag behind the others, as long as there is patience with them. Consumers of equal speed drift apart
 *   under load, by what their sockets hold and who is read first; without this the last of them would lose frames that
 *   nobody had to lose.
 * Nobody waits for a consumer that takes nothing for `stallMs`, nor beyond `slowConsumerBytes`: it is slow, and is
 * taken out.
 */
export class ConsumerPressure {
  readonly #limits: Limits;
  readonly #credit: PublishCredit;
  readonly #now: () => number;
  /** Sessions found too slow in this turn, and how much they may have buffered. Bytes. */
  readonly #tooSlow = new Map<Session, number>();
  readonly #congested = new Set<BrokerAudience>();
  /** Sum of all sessions' `outstanding`. Bytes. */
  #totalBytes = 0;
  readonly #sessionCount: () => number;
  /** Above this a consumer lags. Bytes. */
  readonly #lagBytes: number;
  readonly #patience: Patience;

  constructor(limits: Limits, credit: PublishCredit, now: () => number, sessionCount: () => number) {
    this.#limits = limits;
    this.#lagBytes = Math.max(limits.congestedBytes, limits.slowConsumerBytes / LAG_PART);
    this.#patience = new Patience(limits.patienceMs, now);
    this.#credit = credit;
    this.#now = now;
    this.#sessionCount = sessionCount;
  }

  /** Upper bound of what is buffered for everyone. Bytes. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  get congestedCount(): number {
    return this.#congested.size;
  }

  /** Counts a message that is about to leave for the active members of an audience. */
  publishing(audience: BrokerAudience, byteLength: number): void {
    const { congestedBytes, maxBufferedBytes } = this.#limits;
    let least = Number.POSITIVE_INFINITY;
    for (const session of audience.members.values()) {
      if (session.slow !== undefined) continue;
      if (session.outstanding + byteLength > congestedBytes) this.look(session);
      session.outstanding += byteLength;
      session.handedBytes += byteLength;
      this.#totalBytes += byteLength;
      if (session.outstanding < least) least = session.outstanding;
      if (session.outstanding > this.#lagBytes) this.#lags(audience, session);
    }
    if (least > congestedBytes && audience.state.activeCount > 0) {
      audience.state.waiting = 'all';
      this.#congested.add(audience);
    }
    if (this.#totalBytes <= maxBufferedBytes) return;
    for (const session of audience.members.values()) if (session.slow === undefined) this.#shareOut(session);
  }

  /** All of an audience to whose members frames go one by one are congested: publishers wait for the first to catch up. */
  waitForFirst(audience: BrokerAudience): void {
    const { state, members } = audience;
    state.waiting = 'all';
    state.activeCount = 0;
    for (const session of members.values()) if (session.slow === undefined) state.activeCount++;
    this.#congested.add(audience);
  }

  /** Reads what is really buffered for a session, and notes when it is too much. */
  look(session: Session): void {
    const buffered = session.connection.bufferedBytes();
    // Not a comparison with the last look: what is published in this turn may not be in the buffer yet.
    const goneBytes = session.handedBytes - buffered;
    if (goneBytes > session.goneBytes) {
      session.goneBytes = goneBytes;
      session.progressAt = this.#now();
    }
    this.#totalBytes += buffered - session.outstanding;
    session.outstanding = buffered;
    const { slowConsumerBytes } = this.#limits;
    if (buffered > slowConsumerBytes) this.#tooSlow.set(session, slowConsumerBytes);
  }

  /** A client was sent answers: one that does not read them is a slow consumer like any other. */
  answered(session: Session): void {
    this.look(session);
    if (this.#totalBytes > this.#limits.maxBufferedBytes) this.#shareOut(session);
  }

  /** The peer has taken some bytes: audiences that waited for it may go on. */
  drained(session: Session): void {
    this.look(session);
    for (const audience of this.#congested) {
      if (audience.state.waiting === 'all') {
        if (this.hasCaughtUp(session) && audience.members.has(session.memberId)) this.release(audience);
      } else if (session.outstanding <= this.#lagBytes / 2) this.#lagsNoMore(audience, session);
    }
  }

  /** Whether a session that was congested or slow has caught up. */
  hasCaughtUp(session: Session): boolean {
    return session.outstanding <= this.#limits.congestedBytes / 2;
  }

  /** Lets an audience's publishers go on. */
  release(audience: BrokerAudience): void {
    if (!this.#congested.delete(audience)) return;
    audience.state.waiting = 'nobody';
    for (const endWait of audience.state.laggards?.values() ?? []) endWait();
    audience.state.laggards = undefined;
    this.#credit.release(audience);
  }

  /** Periodic: looks at everyone for whom publishers wait, and takes out those who do not move. */
  sweep(): void {
    const { congestedBytes, stallMs } = this.#limits;
    for (const audience of this.#congested) {
      let waiting = 0;
      for (const session of audience.members.values()) {
        if (session.slow !== undefined) continue;
        this.look(session);
        if (session.outstanding <= congestedBytes) continue;
        waiting++;
        if (this.#now() - session.progressAt > stallMs) this.#tooSlow.set(session, congestedBytes);
      }
      const forAll = audience.state.waiting === 'all';
      if (forAll && (waiting < audience.state.activeCount || waiting === 0)) this.release(audience);
    }
  }

  /** Sessions found too slow since the last call, and still so: they may have read meanwhile. */
  takeTooSlow(): Session[] {
    if (this.#tooSlow.size === 0) return [];
    const found = [...this.#tooSlow].filter(([session, limit]) => {
      if (session.deaf) return false;
      this.look(session);
      return session.outstanding > limit;
    });
    this.#tooSlow.clear();
    return found.map(([session]) => session);
  }

  /** Forgets a session that is gone. */
  forget(session: Session): void {
    this.#totalBytes -= session.outstanding;
    session.outstanding = 0;
    this.#tooSlow.delete(session);
    for (const audience of this.#congested) {
      if (audience.state.held?.delete(session)) session.holds--;
      this.#lagsNoMore(audience, session);
    }
  }

  /** Publishers wait for a laggard, unless patience with it is used up or it has not moved at all for too long. */
  #lags(audience: BrokerAudience, session: Session): void {
    const { state } = audience;
    if (state.waiting === 'all' || state.laggards?.has(session)) return;
    if (this.#now() - session.progressAt > this.#limits.stallMs) return;
    if (this.#patience.left(session) < LEAST_PATIENCE_MS) return;
    state.waiting = 'some';
    this.#congested.add(audience);
    state.laggards ??= new Map();
    state.laggards.set(
      session,
      this.#patience.wait(session, () => this.#lagsNoMore(audience, session)),
    );
  }

  #lagsNoMore(audience: BrokerAudience, session: Session): void {
    const { laggards, waiting } = audience.state;
    const endWait = laggards?.get(session);
    if (laggards === undefined || endWait === undefined) return;
    endWait();
    laggards.delete(session);
    if (laggards.size === 0 && waiting === 'some') this.release(audience);
  }

  /** Above the bound for everyone together, whoever has more than a fair share is slow. */
  #shareOut(session: Session): void {
    const share = this.#limits.maxBufferedBytes / Math.max(1, this.#sessionCount());
    this.look(session);
    if (session.outstanding > share) this.#tooSlow.set(session, share);
  }
}
