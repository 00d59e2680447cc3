import { createHistogram } from 'node:perf_hooks';
import type { Client } from 'modwire';
import { connectClient } from '../drivers/modwire-client.js';
import { serveCommands } from './commands.js';

/** Frames and how long they were under way, since the last command. */
export interface Latencies {
  readonly frames: number;
  /** Frames that came again or out of order, and those reported as missed. */
  readonly disordered: number;
  readonly missed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

let client: Client;
let frames = 0;
let disordered = 0;
let missed = 0;
const latencies = createHistogram();
const sequences = new Map<string, number>();

serveCommands({
  async connect({ url, filter }: { url: string; filter: string }): Promise<void> {
    client = await connectClient(url, 'bench-latency-subscriber');
    client.on('gap', ({ first, last }) => {
      missed += last - first + 1;
    });
    await client.subscribe(filter, (frame) => {
      const { subject, sequence } = frame;
      if (sequence !== (sequences.get(subject) ?? 0) + 1) disordered++;
      sequences.set(subject, sequence);
      const micros = (performance.timeOrigin + performance.now()) * 1000 - frame.publishedAt;
      latencies.record(Math.max(1, Math.round(micros)));
      frames++;
    });
  },

  /** What came since the last time. */
  take(): Latencies {
    const taken = {
      ...{ frames, disordered, missed },
      p50: latencies.percentile(50) / 1000,
      p99: latencies.percentile(99) / 1000,
    };
    frames = disordered = missed = 0;
    latencies.reset();
    return taken;
  },
});
