import { ModwireError } from '../errors.js';

/** As fast as records can be taken. */
export const MAX_SPEED = Number.POSITIVE_INFINITY;

const FACTOR = /^(?:[×x](\d+(?:\.\d+)?)|(\d+(?:\.\d+)?)[×x])$/;
const LEAST_FACTOR = 0.001;
const HIGHEST_FACTOR = 1_000_000;

/** What is later than this is not caught up with. Milliseconds. */
const MAX_LATE_MS = 1_000;

/**
 * The speed that a text says, as a multiple of the original one: `original`, `max`, or `×2`, which may be written `x2`, `2x` and
 * with decimals. Throws INVALID_ARGUMENT for any other text.
 */
export function parseReplaySpeed(text: string): number {
  if (text === 'original') return 1;
  if (text === 'max') return MAX_SPEED;
  const [, before, after] = FACTOR.exec(text) ?? [];
  const factor = Number(before ?? after);
  if (factor >= LEAST_FACTOR && factor <= HIGHEST_FACTOR) return factor;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a speed',
    expected: `original, max, or ×N with N from ${LEAST_FACTOR} to ${HIGHEST_FACTOR}`,
    got: JSON.stringify(text.slice(0, 40)),
  });
}

/**
 * When the records of a replay are due: the first at once, each other one as long after the one before as it was in the original,
 * divided by the speed. Sleeping too long makes only that record late, not all that follow. But a replay that is later than a second,
 * because whoever takes it is slow, goes on from there instead of catching up in a burst. A record that is older than the one
 * before, as after a clock was set, is due with it.
 */
export class ReplayPace {
  readonly #speed: number;
  #dueMs = Number.NEGATIVE_INFINITY;
  #recordMs = 0;

  /** `speed` is above 0: 2 for twice as fast, `MAX_SPEED` for no waiting. */
  constructor(speed: number) {
    this.#speed = speed;
  }

  /**
   * How long to wait for a record, of the time `recordMs`, that comes after all that were asked for before; the same record may be
   * asked for again. `nowMs` is on any clock that does not go back. Milliseconds, 0 when it is due.
   */
  waitMs(recordMs: number, nowMs: number): number {
    if (this.#speed === MAX_SPEED) return 0;
    this.#dueMs += Math.max(0, recordMs - this.#recordMs) / this.#speed;
    // The first one of all is due now too.
    if (this.#dueMs < nowMs - MAX_LATE_MS) this.#dueMs = nowMs;
    this.#recordMs = recordMs;
    return Math.max(0, this.#dueMs - nowMs);
  }
}
