import { createHistogram } from 'node:perf_hooks';
import { PAYLOAD_BYTES } from '../drivers/driver.js';
import { randomBytes } from '../random.js';
import { askWith } from '../requests/checked-request.js';
import { requestDriverFromArguments } from '../requests/index.js';
import type { Requester } from '../requests/request-driver.js';
import { serveCommands } from './commands.js';

export interface RequestLoad {
  readonly url: string;
  /** Requests under way at once. */
  readonly inFlight: number;
  readonly warmupMs: number;
  readonly windowMs: number;
}

export interface RequestLatencies {
  /** Replies in the window. */
  readonly replies: number;
  readonly seconds: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
}

const driver = await requestDriverFromArguments();

serveCommands({
  async run({ url, inFlight, warmupMs, windowMs }: RequestLoad): Promise<RequestLatencies> {
    const request = await driver.connect(url);
    const warm = performance.now() + warmupMs;
    await Promise.all(lanes(inFlight, (lane) => ask(request, lane, warm)));
    const latencies = createHistogram();
    const begin = performance.now();
    const end = begin + windowMs;
    await Promise.all(
      lanes(inFlight, (lane) =>
        ask(request, lane, end, (ms) => latencies.record(Math.max(1, Math.round(ms * 1e6)))),
      ),
    );
    const seconds = (performance.now() - begin) / 1000;
    const [p50, p99] = [50, 99].map((percentile) => latencies.percentile(percentile) / 1000);
    return { replies: latencies.count, seconds, p50: p50!, p99: p99! };
  },
});

function lanes<Result>(count: number, run: (lane: number) => Promise<Result>): Promise<Result>[] {
  return Array.from({ length: count }, (_, lane) => run(lane));
}

/** One request after the other. */
async function ask(
  request: Requester,
  lane: number,
  untilMs: number,
  record: (ms: number) => void = () => undefined,
): Promise<void> {
  const payload = Buffer.from(randomBytes(PAYLOAD_BYTES, lane + 1));
  for (let count = lane; performance.now() < untilMs; count += 1000) {
    record(await askWith(request, payload, count));
  }
}
