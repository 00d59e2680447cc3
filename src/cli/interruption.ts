const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Signals this soon after the first one belong to it: npm and npx pass on what the terminal has already sent to the
 * whole group. Milliseconds.
 */
const SAME_SIGNAL_MS = 300;

/**
 * A signal that fires when the process is asked to stop, by Ctrl-C or SIGTERM. Asked again, it dies as processes do
 * that do not listen. Only one part of a program may use this, once.
 */
export function whenInterrupted(): AbortSignal {
  const controller = new AbortController();
  let askedAt = 0;
  const handler = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      askedAt = performance.now();
      controller.abort();
    } else if (performance.now() - askedAt > SAME_SIGNAL_MS) {
      for (const name of SIGNALS) process.off(name, handler);
      process.kill(process.pid, signal);
    }
  };
  for (const name of SIGNALS) process.on(name, handler);
  return controller.signal;
}
