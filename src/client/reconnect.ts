import { cancelled } from './abort.js';

/** Full jitter: anything up to a bound that doubles, so that clients of a restarted broker do not come all at once. */
export function reconnectDelay(
  attempt: number,
  bounds: { readonly reconnectMs: number; readonly maxReconnectMs: number },
): number {
  const bound = Math.min(bounds.maxReconnectMs, bounds.reconnectMs * 2 ** Math.min(attempt - 1, 30));
  return Math.random() * bound;
}

/** Rejects with CANCELLED when the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(cancelled(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
