import Benchmark from 'benchmark';
import type { Codec } from '../codecs/codec.js';
import { CODECS, type CodecName } from '../codecs/index.js';
import { canonical, MESSAGE_COUNT, makeMessages } from '../codecs/message.js';
import { median } from '../statistics.js';
import { serveCommands } from './commands.js';

export interface CodecJob {
  readonly system: CodecName;
  readonly operation: 'encode' | 'decode';
  readonly warmupMs: number;
  readonly windowMs: number;
}

export interface CodecResult {
  /** Nanoseconds for one message: the median over the samples. */
  readonly time: number;
}

/** Takes every result, so that no engine may leave out the work. */
let sink = 0;

serveCommands({
  async run({ system, operation, warmupMs, windowMs }: CodecJob): Promise<CodecResult> {
    const messages = makeMessages(operation === 'decode');
    const makeCodec = await CODECS[system]();
    const codec = makeCodec(messages);
    for (let index = 0; index < MESSAGE_COUNT; index++) {
      const expected = canonical(messages[index]);
      const got = canonical(codec.roundTrip(index));
      if (got !== expected) throw new Error(`${system} lost information: expected ${expected}, got ${got}`);
    }
    const step = stepOf(codec, operation);
    const warm = performance.now() + warmupMs;
    while (performance.now() < warm) step();
    const benchmark = new Benchmark(step, { maxTime: windowMs / 1000 }).run();
    if (benchmark.error !== undefined) throw benchmark.error;
    if (!Number.isFinite(sink)) throw new Error(`${system} yielded something that is no number`);
    return { time: median(benchmark.stats.sample) * 1e9 };
  },
});

/** One message of the rotation, encoded or decoded. */
function stepOf(codec: Codec, operation: CodecJob['operation']): () => void {
  let index = 0;
  if (operation === 'encode') {
    return () => {
      sink += codec.encode(index);
      index = (index + 1) & (MESSAGE_COUNT - 1);
    };
  }
  if (codec.decode === undefined) throw new Error('this system has no decode');
  return () => {
    sink += codec.decode!(index);
    index = (index + 1) & (MESSAGE_COUNT - 1);
  };
}
