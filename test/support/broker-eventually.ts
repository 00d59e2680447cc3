import { setTimeout as delay } from 'node:timers/promises';

/** Long enough for a busy machine: a test that waits this long has failed. Milliseconds. */
const DEADLINE_MS = 10_000;

/** Waits until `condition` holds. Throws when it does not in time; `what` says what was waited for. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await delay(2);
  }
}

/** The promise's outcome, or an error when it has none in time. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  const timeout = new AbortController();
  const late = delay(deadlineMs, undefined, { signal: timeout.signal }).then(() => {
    throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
    late.catch(() => undefined);
  }
}
