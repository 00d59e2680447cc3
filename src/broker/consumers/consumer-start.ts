import type { ConsumerConfig } from '../../routing/consumers/consumer-config.js';
import { type ConsumerCursor, cursorAt } from '../../routing/consumers/consumer-cursor.js';
import type { StreamLog } from '../../streams/stream-log.js';

/** Where a new consumer begins, as its stream stands at this moment. */
export function startCursor(config: ConsumerConfig, log: StreamLog<unknown>): ConsumerCursor {
  const { start } = config;
  const { firstOffset, lastOffset } = log;
  if (start === 'all') return cursorAt(firstOffset);
  if (start === 'new') return cursorAt(lastOffset + 1);
  if (start === 'last') return cursorAt(lastSelected(config.filter, log));
  if (start === 'last-per-subject') return cursorAt(firstOffset, lastOffset);
  // What is gone already is not lost: nobody has asked for it before.
  if ('offset' in start) return cursorAt(Math.max(start.offset, firstOffset));
  return cursorAt(log.offsetAt(start.time * 1000));
}

/** Offset of the last record that a filter selects; behind the last one when there is none. */
function lastSelected(filter: string, log: StreamLog<unknown>): number {
  const { lastOffset } = log;
  if (filter === '>') return Math.max(lastOffset, log.firstOffset);
  let last = 0;
  log.subjects(filter, (_subject, { offset }) => {
    if (offset <= lastOffset) last = Math.max(last, offset);
    return true;
  });
  return last === 0 ? lastOffset + 1 : last;
}
