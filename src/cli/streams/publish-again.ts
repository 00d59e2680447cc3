import type { Client } from '../../client/client.js';
import { type ReplayCounts, ReplayStopped } from '../../client/streams/replay-options.js';
import { ModwireError } from '../../errors.js';
import { count } from '../contracts/count.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';
import { Progress, percentOf } from './progress.js';
import { rangesText, type StreamPart } from './stream-place.js';

export interface PublishAgainPlan extends StreamPart {
  readonly stream: string;
  /** As `client.replay` takes it. */
  readonly into: string;
  /** A multiple of the original speed. */
  readonly speed: number;
  /** Ends it early. */
  readonly interrupted: AbortSignal;
}

export interface Printing {
  readonly json: boolean;
  readonly terminal: Terminal;
}

/** Publishes messages of a stream again, and prints how many. Rejects with what came in the way of the first that was not published. */
export async function publishAgain(
  client: Client,
  { stream, interrupted: signal, ...plan }: PublishAgainPlan,
  { json, terminal }: Printing,
): Promise<void> {
  const startedAt = performance.now();
  const { stdout, stderr } = terminal;
  const progress = new Progress(stderr);
  let failed: ModwireError | undefined;
  let counts: ReplayCounts;
  try {
    counts = await client.replay(stream, {
      ...{ ...plan, signal },
      onProgress: ({ published, nextOffset, firstOffset, lastOffset }) => {
        const part = () => percentOf(nextOffset - 1, firstOffset, lastOffset);
        progress.show(() => `replayed ${count(published, 'message')}, ${part()}`);
      },
      onLost: ({ error }) => {
        failed ??= error;
      },
      onRefused: ({ code, detail }, { offset }) => {
        failed ??= new ModwireError(code, { ...detail, where: `stream ${stream}, offset ${offset}` });
      },
    });
  } catch (thrown) {
    if (!(thrown instanceof ReplayStopped)) throw thrown;
    failed = thrown;
    counts = thrown.counts;
  } finally {
    progress.end();
  }
  const { into } = plan;
  const seconds = (performance.now() - startedAt) / 1_000;
  const lines = json
    ? [toJsonLine({ stream, into, ...counts, seconds })]
    : countLines(stream, into, counts, seconds);
  for (const line of lines) await stdout.line(line);
  if (failed !== undefined) throw failed;
}

function countLines(
  stream: string,
  into: string,
  { published, leftOut, refused, lost }: ReplayCounts,
  seconds: number,
): string[] {
  const where = into === '>' ? 'to where they were' : `into ${printable(into)}`;
  return [
    `replayed ${count(published, 'message')} of ${printable(stream)} ${where} in ${seconds.toFixed(2)} s`,
    ...(leftOut > 0 ? [`  ${count(leftOut, 'record')} of calls left out`] : []),
    ...(refused > 0 ? [`  ${count(refused, 'message')} refused`] : []),
    ...(lost.length > 0 ? [`  lost: offsets ${rangesText(lost)}`] : []),
  ];
}
