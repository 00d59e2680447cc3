/** An inference worker of the demo: predicts from the features of its shard. */
import type { Client } from '../../client/client.js';
import type { Subscription } from '../../client/subscription.js';
import type { FrameView } from '../../codec/frame-view.js';
import { IdGenerator } from '../../codec/message-id.js';
import type { WorkerCommands, WorkerPlan } from '../commands.js';
import { Counter } from '../figures.js';
import { ToyModel } from '../model.js';
import { monotonicMicros } from '../pace.js';
import { PayloadWriter, readFeatures, TOKEN_BYTES, TokenView } from '../payload.js';
import { PREDICTIONS_CHANNEL, workerStage } from '../stages.js';
import { connectCounted } from './connect-counted.js';
import { endSubscriptions } from './end-subscription.js';
import { serveParent } from './serve-parent.js';

const MODEL_SEED = 1;
/** Predictions made before the first request, each of a common size: cold code is a hundred times slower. */
const WARM_UP = { rounds: 200, context: 1_000, generate: 200 };

const counter = new Counter();
const model = new ToyModel(MODEL_SEED);
const payloads = new PayloadWriter();
const ids = new IdGenerator();
const spanId = new Uint8Array(8);
let stage: string;
let consumer: Client;
let publisher: Client;
let features: Subscription;
let predicting: Promise<void>;

async function predictAll(): Promise<void> {
  for await (const frame of features) {
    if (predict(frame)) continue;
    counter.waits++;
    await publisher.ready();
  }
}

function warmUp(): void {
  const tokens = (count: number) => new TokenView(new DataView(new ArrayBuffer(TOKEN_BYTES * count)), 0);
  const context = tokens(WARM_UP.context);
  const generated = tokens(WARM_UP.generate);
  for (let round = 0; round < WARM_UP.rounds; round++) model.generate(model.read(context), generated);
}

/** Returns whether more may be published at once. */
function predict(frame: FrameView): boolean {
  const { request, intendedAt, generate, context } = readFeatures(frame.payload);
  counter.delivered(stage, frame.payloadLength, intendedAt, monotonicMicros());
  const reading = model.read(context);
  const payload = payloads.prediction(
    { request, intendedAt },
    reading.checksum,
    reading.score,
    generate,
    (generated) => model.generate(reading, generated),
  );
  ids.nextRandom(spanId);
  const isOpen = publisher.publish(frame.subject.replace(/^features/, 'predictions'), payload, {
    correlationId: frame.correlationId!,
    causationId: frame.id,
    trace: { traceId: frame.traceId, spanId, flags: frame.traceFlags },
  });
  counter.published(PREDICTIONS_CHANNEL, payload.length);
  return isOpen;
}

serveParent<WorkerCommands>(
  {
    async connect({ url, shard }: WorkerPlan) {
      stage = workerStage(shard);
      warmUp();
      // Two connections: who waits to publish reads on, to hear when he may. Over one connection features would come
      // with that, also into a queue that is full, and be dropped.
      publisher = await connectCounted(url, `demo worker ${shard}, predictions`, counter, () => stage);
      consumer = await connectCounted(url, `demo worker ${shard}, features`, counter, () => stage);
      features = await consumer.subscribe(`features.*.${shard}`);
      predicting = predictAll();
    },
    async drain() {
      await endSubscriptions(features);
      await predicting;
      await publisher.flush();
      await Promise.all([publisher.close(), consumer.close()]);
      return counter.figures;
    },
  },
  () => counter.figures,
);
