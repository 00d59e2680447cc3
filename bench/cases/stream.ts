import type { BenchCase, Readings, RunContext } from '../bench-case.js';
import { startBroker } from '../peers/index.js';
import { procUnavailable, residentBytes } from '../proc.js';
import type { RequestLatencies, RequestLoad } from '../processes/requester.js';
import type { TokensTaken } from '../processes/token-stream.js';

/** Pace of the stream's reader. Its producer would be a hundred times as fast. */
const TOKENS_PER_SECOND = 1_000;
/** A reader that takes less of that has not been slow but starved. */
const LEAST_SHARE = 0.9;
/** The window is so many times as long as that of other cases: ten thousand tokens. */
const WINDOWS = 5;
const MIB = 1024 * 1024;

export const streamBesideCalls: BenchCase = {
  name: 'stream-beside-calls',
  about: `latency of one request after the other, beside a stream of tokens whose reader takes ${TOKENS_PER_SECOND} a second (modwire), alone, and with that stream through another broker on the same machine (elsewhere)`,
  metrics: [
    { name: 'p99', unit: 'µs', better: 'lower' },
    { name: 'p50', unit: 'µs', better: 'lower' },
    { name: 'memory-before', unit: 'MiB', better: 'lower' },
    { name: 'memory-after', unit: 'MiB', better: 'lower' },
  ],
  systems: ['modwire', 'modwire-alone', 'modwire-elsewhere'],
  targets: { 'modwire-alone': 1 / 1.3 },
  unavailable: procUnavailable,
  run: (system, context) => measure(system, context),
};

/** The memory is that of the broker of the requests, before and after the window. */
async function measure(system: string, { processes, warmupMs, windowMs }: RunContext): Promise<Readings> {
  const { url, pid } = await startBroker('modwire', processes);
  const responder = processes.fork('responder', ['modwire']);
  await responder.ask('serve', { url });
  // What a busier machine costs, and this broker not.
  const streamUrl = system === 'modwire-elsewhere' ? (await startBroker('modwire', processes)).url : url;
  const producer = processes.fork('token-stream');
  await producer.ask('serve', { url: streamUrl });
  const reader = processes.fork('token-stream');
  const withStream = system !== 'modwire-alone';
  if (withStream) await reader.ask('read', { url: streamUrl, perSecond: TOKENS_PER_SECOND });
  const requester = processes.fork('requester', ['modwire']);
  const load: RequestLoad = { url, inFlight: 1, warmupMs: 0, windowMs: warmupMs * WINDOWS };
  await requester.ask('run', load);
  const before = residentBytes(pid);
  const { p99, p50 } = await requester.ask<RequestLatencies>('run', {
    ...load,
    windowMs: windowMs * WINDOWS,
  });
  const after = residentBytes(pid);
  if (withStream) checkPace(await reader.ask<TokensTaken>('stop'));
  return { p99, p50, 'memory-before': before / MIB, 'memory-after': after / MIB };
}

function checkPace({ taken, seconds }: TokensTaken): void {
  if (taken >= seconds * TOKENS_PER_SECOND * LEAST_SHARE) return;
  throw new Error(`the reader took ${taken} tokens in ${seconds} s: the machine is too busy to tell`);
}
