/** A transport of the broker. */
export type TransportName = 'uws' | 'ws';

const hasUws = await import('uWebSockets.js').then(
  () => true,
  () => false,
);

/** What this Node.js can run: both, or `ws` alone where uWebSockets.js has no binary for it. */
export const TRANSPORTS: readonly TransportName[] = hasUws ? ['uws', 'ws'] : ['ws'];

/** Variables for programs whose standard error is looked at: nothing, or what keeps the fallback from warning. */
export const QUIET_FALLBACK: Readonly<Record<string, string>> = hasUws ? {} : { NODE_NO_WARNINGS: '1' };
