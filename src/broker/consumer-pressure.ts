import type { Limits } from '../limits.js';
import type { PublishCredit } from './publish-credit.js';
import type { BrokerAudience, Session } from './session.js';

/**
 * Watches what consumers have buffered, before the transport would have to drop anything. Two thresholds:
 * above `congestedBytes` in all its members an audience is congested and its publishers wait for the fastest of
 * them; above `slowConsumerBytes` (or without progress for `stallMs`) a consumer is slow and is taken out, so that
 * nobody ever waits for it for long.
 */
export class ConsumerPressure {
  readonly #limits: Limits;
  readonly #credit: PublishCredit;
  readonly #now: () => number;
  readonly #tooSlow = new Set<Session>();
  readonly #congested = new Set<BrokerAudience>();
  /** Sum of all sessions' `outstanding`. Bytes. */
  #totalBytes = 0;
  readonly #sessionCount: () => number;

  constructor(limits: Limits, credit: PublishCredit, now: () => number, sessionCount: () => number) {
    this.#limits = limits;
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
      this.#totalBytes += byteLength;
      if (session.outstanding < least) least = session.outstanding;
    }
    if (least > congestedBytes && !audience.state.congested && audience.state.activeCount > 0) {
      audience.state.congested = true;
      this.#congested.add(audience);
    }
    if (this.#totalBytes > maxBufferedBytes) this.#shareOut(audience);
  }

  /** Reads what is really buffered for a session, and notes when it is too much. */
  look(session: Session): void {
    const buffered = session.connection.bufferedBytes();
    if (buffered < session.outstanding) session.progressAt = this.#now();
    this.#totalBytes += buffered - session.outstanding;
    session.outstanding = buffered;
    if (buffered > this.#limits.slowConsumerBytes) this.#tooSlow.add(session);
  }

  /** The peer has taken some bytes: audiences that waited for it may go on. */
  drained(session: Session): void {
    this.look(session);
    if (this.#congested.size === 0 || session.outstanding > this.#limits.congestedBytes / 2) return;
    for (const audience of this.#congested) {
      if (audience.members.has(session.memberId)) this.release(audience);
    }
  }

  /** Whether a slow session has caught up. */
  hasCaughtUp(session: Session): boolean {
    return session.outstanding <= this.#limits.congestedBytes / 2;
  }

  /** Lets an audience's publishers go on. */
  release(audience: BrokerAudience): void {
    if (!this.#congested.delete(audience)) return;
    audience.state.congested = false;
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
        if (this.#now() - session.progressAt > stallMs) this.#tooSlow.add(session);
      }
      if (waiting < audience.state.activeCount || waiting === 0) this.release(audience);
    }
  }

  /** Sessions found too slow since the last call. */
  takeTooSlow(): Session[] {
    if (this.#tooSlow.size === 0) return [];
    const sessions = [...this.#tooSlow].filter((session) => !session.closed && session.slow === undefined);
    this.#tooSlow.clear();
    return sessions;
  }

  /** Forgets a session that is gone. */
  forget(session: Session): void {
    this.#totalBytes -= session.outstanding;
    session.outstanding = 0;
    this.#tooSlow.delete(session);
    for (const audience of this.#congested) {
      if (audience.state.held?.delete(session)) session.holds--;
    }
  }

  /** Above the bound for everyone together, whoever has more than a fair share is slow. */
  #shareOut(audience: BrokerAudience): void {
    const share = this.#limits.maxBufferedBytes / Math.max(1, this.#sessionCount());
    for (const session of audience.members.values()) {
      if (session.slow !== undefined) continue;
      this.look(session);
      if (session.outstanding > share) this.#tooSlow.add(session);
    }
  }
}
