import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { PAYLOAD_BYTES } from '../drivers/driver.js';
import { randomBytes } from '../random.js';
import { askWith } from '../requests/checked-request.js';
import { requestDriverFromArguments } from '../requests/index.js';
import type { Requester } from '../requests/request-driver.js';
import { serveCommands } from './commands.js';
import type { RequestLatencies } from './requester.js';

export interface PacedLoad {
  readonly url: string;
  readonly perSecond: number;
  readonly warmupMs: number;
  readonly windowMs: number;
}

/** Time between looks at what is due. Milliseconds. */
const TICK_MS = 1;

const template = randomBytes(PAYLOAD_BYTES, 1);
const driver = await requestDriverFromArguments();

serveCommands({
  /** Requests at an even pace, whether those before are answered or not. */
  async run({ url, perSecond, warmupMs, windowMs }: PacedLoad): Promise<RequestLatencies> {
    const request = await driver.connect(url);
    await pace(request, perSecond, warmupMs, createHistogram());
    const latencies = createHistogram();
    const begin = performance.now();
    await pace(request, perSecond, windowMs, latencies);
    const seconds = (performance.now() - begin) / 1000;
    const [p50, p99] = [50, 99].map((percentile) => latencies.percentile(percentile) / 1000);
    return { replies: latencies.count, seconds, p50: p50!, p99: p99! };
  },
});

async function pace(
  request: Requester,
  perSecond: number,
  forMs: number,
  latencies: RecordableHistogram,
): Promise<void> {
  const begin = performance.now();
  const underWay: Promise<void>[] = [];
  for (let asked = 0, now = begin; now < begin + forMs; now = performance.now()) {
    const due = ((now - begin) / 1000) * perSecond;
    for (; asked < due; asked++) underWay.push(ask(request, asked, latencies));
    await sleep(TICK_MS);
  }
  await Promise.all(underWay);
}

async function ask(request: Requester, count: number, latencies: RecordableHistogram): Promise<void> {
  const ms = await askWith(request, Buffer.from(template), count);
  latencies.record(Math.max(1, Math.round(ms * 1e6)));
}
