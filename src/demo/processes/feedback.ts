/** The demo's feedback consumer: joins predictions with the features of the same request, and rates them. */
import type { Client } from '../../client/client.js';
import type { Subscription } from '../../client/subscription.js';
import type { FrameView } from '../../codec/frame-view.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { IdGenerator } from '../../codec/message-id.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import { CausalJoin } from '../causal-join.js';
import type { FeedbackCommands, ProcessPlan } from '../commands.js';
import { Counter } from '../figures.js';
import { monotonicMicros } from '../pace.js';
import { type FeedbackMessage, readFeatures, readPrediction } from '../payload.js';
import { FEATURES_STAGE, FEEDBACK_CHANNEL, PREDICTIONS_STAGE } from '../stages.js';
import { connectCounted } from './connect-counted.js';
import { endSubscriptions } from './end-subscription.js';
import { serveParent } from './serve-parent.js';

const counter = new Counter();
const join = new CausalJoin();
const ids = new IdGenerator();
const spanId = new Uint8Array(8);
let consumer: Client;
let publisher: Client;
let features: Subscription;
let predictions: Subscription;
let working: Promise<unknown>;

async function takeFeatures(): Promise<void> {
  for await (const frame of features) {
    const { request, intendedAt, second: checksum } = readFeatures(frame.payload);
    counter.delivered(FEATURES_STAGE, frame.payloadLength, intendedAt, monotonicMicros());
    join.add('features', request, {
      id: frame.causationId!.slice(),
      correlationId: frame.correlationId!.slice(),
      traceId: frame.traceId.slice(),
      checksum,
    });
  }
}

async function ratePredictions(): Promise<void> {
  for await (const frame of predictions) {
    if (rate(frame)) continue;
    counter.waits++;
    await publisher.ready();
  }
}

/** Returns whether more may be published at once. */
function rate(frame: FrameView): boolean {
  const { request, intendedAt, checksum, score } = readPrediction(frame.payload);
  counter.delivered(PREDICTIONS_STAGE, frame.payloadLength, intendedAt, monotonicMicros());
  join.add('prediction', request, {
    id: frame.causationId!.slice(),
    correlationId: frame.correlationId!.slice(),
    traceId: frame.traceId.slice(),
    checksum,
  });
  const message: FeedbackMessage = { request, intendedAt, reward: score };
  const payload = encodeUtf8(JSON.stringify(message));
  ids.nextRandom(spanId);
  const model = frame.subject.split('.')[1]!;
  const isOpen = publisher.publish(`feedback.${model}`, payload, {
    contentType: ContentType.json,
    correlationId: frame.correlationId!,
    causationId: frame.id,
    trace: { traceId: frame.traceId, spanId, flags: frame.traceFlags },
  });
  counter.published(FEEDBACK_CHANNEL, payload.length);
  return isOpen;
}

serveParent<FeedbackCommands>(
  {
    async connect({ url }: ProcessPlan) {
      const stageOf = (subject: string) =>
        subject.startsWith('features.') ? FEATURES_STAGE : PREDICTIONS_STAGE;
      // Two connections: who waits to publish reads on, to hear when he may. Over one connection frames would come with
      // that, also into a queue that is full, and be dropped.
      publisher = await connectCounted(url, 'demo feedback, ratings', counter, stageOf);
      consumer = await connectCounted(url, 'demo feedback, predictions', counter, stageOf);
      features = await consumer.subscribe('features.>');
      predictions = await consumer.subscribe('predictions.>');
      working = Promise.all([takeFeatures(), ratePredictions()]);
    },
    async drain() {
      await endSubscriptions(features, predictions);
      await working;
      await publisher.flush();
      await Promise.all([publisher.close(), consumer.close()]);
      return figures();
    },
  },
  figures,
);

function figures() {
  return { ...counter.figures, join: join.figures };
}
