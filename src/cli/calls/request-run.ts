import type { RequestOptions } from '../../client/calls/call-options.js';
import type { Reply } from '../../client/calls/received.js';
import type { Client } from '../../client/client.js';
import { ModwireError, toModwireError } from '../../errors.js';
import { CallTally } from './call-tally.js';

export interface RequestPlan {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly options: Omit<RequestOptions, 'signal' | 'hedge'>;
  /** Whether a request is for a stream of replies. */
  readonly stream: boolean;
  /** How many requests. */
  readonly count: number;
  /** How many of them at once, at most. */
  readonly concurrency: number;
  /** Ends it early: those under way are given up, no more are made. */
  readonly interrupted: AbortSignal;
  /** Told of each reply; the next one of a stream is taken when this resolves. */
  readonly replied: (reply: Reply) => Promise<void>;
}

/** Makes requests and counts what became of them: all of them, unless it is interrupted or the connection is lost. */
export async function requestAll(client: Client, plan: RequestPlan): Promise<CallTally> {
  const tally = new CallTally();
  const { count, concurrency, interrupted } = plan;
  let begun = 0;
  let connected = true;
  const offDisconnect = client.on('disconnect', () => {
    connected = false;
  });
  const caller = async () => {
    while (begun < count && connected && !interrupted.aborted) {
      begun++;
      await requestOne(client, plan, tally);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, caller));
  offDisconnect();
  return tally;
}

/** Throws when not all requests were replied to: the first error, which says of how many. */
export function throwUnlessAllReplied(tally: CallTally, { count, interrupted }: RequestPlan): void {
  const { firstError, failed, requests } = tally;
  if (firstError === undefined && requests === count) return;
  const error = interrupted.aborted
    ? new ModwireError('CANCELLED', 'interrupted')
    : (firstError ?? new ModwireError('UNAVAILABLE', 'the connection was lost'));
  if (count === 1) throw error;
  const missing = count - requests;
  const outcome = `${failed} of ${count} requests failed${missing === 0 ? '' : `, ${missing} were not made`}`;
  const { advice } = error.detail;
  throw new ModwireError(error.code, {
    ...error.detail,
    advice: advice === undefined ? outcome : `${outcome}; ${advice}`,
  });
}

async function requestOne(client: Client, plan: RequestPlan, tally: CallTally): Promise<void> {
  const { subject, payload, stream, replied, interrupted: signal } = plan;
  const options = { ...plan.options, signal };
  const startedAt = performance.now();
  let firstMs: number | undefined;
  let replies = 0;
  const take = async (reply: Reply) => {
    firstMs ??= reply.latencyMs;
    replies++;
    await replied(reply);
  };
  try {
    if (stream) for await (const reply of client.requestStream(subject, payload, options)) await take(reply);
    else await take(await client.request(subject, payload, options));
    tally.replied(replies, firstMs, stream ? performance.now() - startedAt : firstMs!);
  } catch (thrown) {
    tally.fail(toModwireError(thrown), replies);
  }
}
