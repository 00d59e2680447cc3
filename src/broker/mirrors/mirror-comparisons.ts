import { formatUuid } from '../../codec/message-id.js';
import { compareReplies } from '../../mirroring/compare-replies.js';
import type { ReplyComparison } from '../../mirroring/difference.js';
import type { HeavyWork } from '../../workers/heavy-work.js';
import { exactMs } from '../clock.js';
import type { LoopBudget } from './loop-budget.js';
import { MIRROR_BOUNDS } from './mirror-bounds.js';
import type { MirrorPair } from './mirror-pair.js';
import type { PairCost } from './pair-cost.js';

export interface MirrorComparisonsParts {
  readonly work: Pick<HeavyWork, 'compareReplies'>;
  readonly budget: LoopBudget;
  readonly cost: PairCost;
  /** It is in the report. */
  readonly done: (pair: MirrorPair) => void;
}

const OPTIONS = { maxElements: MIRROR_BOUNDS.maxElements };

/** Compares what requests and their copies were answered with, when nothing else has to be done. */
export class MirrorComparisons {
  readonly #parts: MirrorComparisonsParts;
  #small: MirrorPair[] = [];
  readonly #large: MirrorPair[] = [];
  #scheduled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inPool = false;
  #closed = false;

  constructor(parts: MirrorComparisonsParts) {
    this.#parts = parts;
  }

  /** Takes a pair of which both calls have ended. How many wait is bounded by what may be kept of pairs. */
  add(pair: MirrorPair): void {
    if (this.#closed) return;
    if (repliedBytes(pair) > MIRROR_BOUNDS.inlineBytes) {
      this.#large.push(pair);
      void this.#compareLarge();
    } else {
      this.#small.push(pair);
      this.#schedule();
    }
  }

  close(): void {
    this.#closed = true;
    this.#small = [];
    this.#large.length = 0;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // At once if need be on credit, while the code of copies is in the caches.
    if (this.#parts.budget.leftMs(exactMs()) > -MIRROR_BOUNDS.savedMs)
      setImmediate(() => this.#compareSmall());
    else this.#timer = setTimeout(() => this.#compareSmall(), MIRROR_BOUNDS.pauseMs).unref();
  }

  /** For a part of a turn; the rest in later ones. */
  #compareSmall(): void {
    this.#scheduled = false;
    const { budget, cost } = this.#parts;
    const startedMs = exactMs();
    const waiting = this.#small;
    let compared = 0;
    let nowMs = startedMs;
    for (; compared < waiting.length; compared++) {
      if (nowMs - startedMs >= MIRROR_BOUNDS.turnMs) break;
      const pair = waiting[compared]!;
      this.#done(pair, compareReplies(pair.primary, pair.shadow, OPTIONS));
      nowMs = exactMs();
    }
    cost.compared(compared, nowMs - startedMs);
    budget.spend(nowMs - startedMs);
    this.#small = waiting.slice(compared);
    if (this.#small.length > 0) this.#schedule();
  }

  /** One after the other: the threads of the pool are there for the payloads that somebody waits for. */
  async #compareLarge(): Promise<void> {
    if (this.#inPool) return;
    this.#inPool = true;
    for (let pair = this.#large.shift(); pair !== undefined; pair = this.#large.shift()) {
      const { primary, shadow } = pair;
      const [a, b] = [primary, shadow].map(({ replies, error }) => ({ replies, error }));
      try {
        this.#done(pair, await this.#parts.work.compareReplies(a!, b!, OPTIONS));
      } catch {
        pair.report.uncompared('failed');
        this.#parts.done(pair);
      }
    }
    this.#inPool = false;
  }

  #done(pair: MirrorPair, comparison: ReplyComparison): void {
    pair.report.compared(formatUuid(pair.id), comparison);
    this.#parts.done(pair);
  }
}

/** Of both calls. */
function repliedBytes({ primary, shadow }: MirrorPair): number {
  let sum = 0;
  for (const { payload } of primary.replies) sum += payload.length;
  for (const { payload } of shadow.replies) sum += payload.length;
  return sum;
}
