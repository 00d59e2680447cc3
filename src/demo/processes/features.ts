/** The demo's feature service: makes features of a context, and has a version of the model score them. */
import type { CallContext } from '../../client/calls/call-context.js';
import type { IncomingRequest } from '../../client/calls/received.js';
import type { Client } from '../../client/client.js';
import { CallCounter } from '../call-counter.js';
import type { FeaturesCommands, ProcessPlan } from '../commands.js';
import { Counter } from '../figures.js';
import { versionFor } from '../models.js';
import { type FeaturesPayload, readContext, writeFeatures } from '../payload.js';
import { FEATURES_CHANNEL, FEATURES_STAGE, PREDICT_HOP, scoreHop } from '../stages.js';
import { checksumOf, featuresOf, TOKEN_BYTES, TokenView } from '../tokens.js';
import { connectCounted } from './connect-counted.js';
import { serveParent } from './serve-parent.js';

/** Others wait at the broker, which knows how long they have. */
const CONCURRENCY = 256;
/** Contexts of a common size read before the first request: cold code is a hundred times slower. */
const WARM_UP = { rounds: 200, context: 1_000 };

const counter = new Counter();
const calls = new CallCounter();
let client: Client;

async function predict(request: IncomingRequest, context: CallContext): Promise<Uint8Array> {
  calls.received(PREDICT_HOP);
  const { context: tokens, ...envelope } = readContext(request.payload);
  const checksum = checksumOf(tokens);
  const version = versionFor(checksum);
  const features: FeaturesPayload = { ...envelope, second: checksum, features: featuresOf(tokens) };
  const payload = writeFeatures(features);
  const isOpen = client.publish(`features.${version}`, payload, context.publishOptions());
  counter.published(FEATURES_CHANNEL, payload.length);
  if (!isOpen) {
    counter.waits++;
    await client.ready();
  }
  const reply = await calls.make(scoreHop(version), async (replied) => {
    const scored = await client.request(`score.${version}`, payload, context.requestOptions());
    replied();
    return scored;
  });
  calls.replied(PREDICT_HOP);
  return reply.payload;
}

function warmUp(): void {
  const tokens = new TokenView(new DataView(new ArrayBuffer(TOKEN_BYTES * WARM_UP.context)), 0);
  for (let round = 0; round < WARM_UP.rounds; round++) {
    checksumOf(tokens);
    featuresOf(tokens);
  }
}

serveParent<FeaturesCommands>(
  {
    async connect({ url }: ProcessPlan) {
      warmUp();
      client = await connectCounted(url, 'demo features', counter, () => FEATURES_STAGE);
      await client.serve('predict', { version: '1.0.0', concurrency: CONCURRENCY }, predict);
    },
    async drain() {
      await client.drain();
      return figures();
    },
  },
  figures,
);

function figures() {
  const { made, served } = calls;
  return { ...counter.figures, made, served, retries: client?.calls.retries ?? 0 };
}
