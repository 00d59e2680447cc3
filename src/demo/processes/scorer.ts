/** A scorer of the demo: serves one version of the model, its scores and what they are due to. */
import type { IncomingRequest } from '../../client/calls/received.js';
import type { Client } from '../../client/client.js';
import { CallCounter } from '../call-counter.js';
import type { ScorerCommands, ScorerPlan } from '../commands.js';
import { explanationTokens } from '../explanation.js';
import { Counter } from '../figures.js';
import { MODEL_VERSIONS, trainModel } from '../models.js';
import type { Network } from '../network.js';
import { type ExplanationToken, readFeatures, writePrediction } from '../payload.js';
import { explainHop, scoreHop, type Version } from '../stages.js';
import { connectCounted } from './connect-counted.js';
import { serveParent } from './serve-parent.js';

/** Others wait at the broker, which knows how long they have. */
const CONCURRENCY = 256;

const counter = new Counter();
const calls = new CallCounter();
let version: Version;
let model: Network;
let client: Client;

function score(request: IncomingRequest): Uint8Array {
  const hop = scoreHop(version);
  calls.received(hop);
  const { second: checksum, features, ...envelope } = readFeatures(request.payload);
  const prediction = { ...envelope, checksum, score: model.score(features), version, features };
  calls.replied(hop);
  return writePrediction(prediction);
}

async function* explain(request: IncomingRequest): AsyncGenerator<ExplanationToken, void, undefined> {
  const hop = explainHop(version);
  calls.received(hop);
  const { second: count, features } = readFeatures(request.payload);
  let index = 0;
  for (const token of explanationTokens(model.contributions(features), count)) {
    calls.replied(hop);
    yield [index++, token];
  }
}

serveParent<ScorerCommands>(
  {
    async connect(plan: ScorerPlan) {
      ({ version } = plan);
      // It warms the code up too.
      model = trainModel(version);
      client = await connectCounted(plan.url, `demo scorer ${version}`, counter, () => scoreHop(version));
      const options = { version: MODEL_VERSIONS[version], concurrency: CONCURRENCY };
      await client.serve(`score.${version}`, options, score);
      await client.serve(`explain.${version}`, options, explain);
    },
    async drain() {
      await client.drain();
      return figures();
    },
  },
  figures,
);

function figures() {
  return { ...counter.figures, served: calls.served };
}
