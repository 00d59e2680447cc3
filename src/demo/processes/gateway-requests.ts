import type { Reply } from '../../client/calls/received.js';
import type { Client } from '../../client/client.js';
import type { TraceContext } from '../../codec/frame-fields.js';
import { IdGenerator } from '../../codec/message-id.js';
import { ModwireError, toModwireError } from '../../errors.js';
import type { Arrival } from '../arrivals.js';
import type { CallCounter } from '../call-counter.js';
import type { Counter } from '../figures.js';
import type { LatencyHistogram } from '../latency.js';
import { FEATURE_COUNT } from '../network.js';
import { monotonicMicros } from '../pace.js';
import {
  type Envelope,
  type ExplanationToken,
  type Prediction,
  readPrediction,
  writeContext,
  writeFeatures,
} from '../payload.js';
import type { Random } from '../random.js';
import type { RequestLedger } from '../request-ledger.js';
import { explainHop, PREDICT_HOP, PREDICTIONS_CHANNEL } from '../stages.js';

/** Longer than a busy machine lets a process wait. Milliseconds. */
const TIMEOUT_MS = 30_000;
/** Two for each feature: its name and what it contributes. */
const MAX_EXPLANATION_TOKENS = 2 * FEATURE_COUNT;

export interface GatewayParts {
  readonly client: Client;
  readonly counter: Counter;
  readonly calls: CallCounter;
  readonly ledger: RequestLedger;
  /** From the intended send time to the last token of the explanation. Microseconds. */
  readonly answers: LatencyHistogram;
}

/** What the frames of one request have in common. */
interface Origin {
  readonly correlationId: Uint8Array;
  readonly trace: TraceContext;
}

/** Makes the gateway's requests: each is predicted, published and explained, or ends with an error. */
export class GatewayRequests {
  readonly #parts: GatewayParts;
  readonly #ids = new IdGenerator();
  readonly #underWay = new Set<Promise<void>>();

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** Does not wait for anything. */
  begin(arrival: Arrival, intendedAt: number, random: Random): void {
    const envelope = { request: this.#parts.ledger.send(), intendedAt };
    const context = writeContext(envelope, arrival.contextTokens, (tokens) => {
      for (let index = 0; index < tokens.length; index++) tokens.set(index, random.next());
    });
    const work = this.#run(envelope, context, arrival.generatedTokens);
    this.#underWay.add(work);
    void work.then(() => this.#underWay.delete(work));
  }

  /** Resolves when all have their outcome. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #run(envelope: Envelope, context: Uint8Array, generatedTokens: number): Promise<void> {
    const { calls, counter, ledger, answers } = this.#parts;
    const { request, intendedAt } = envelope;
    const origin = this.#origin();
    try {
      const reply = await calls.make(PREDICT_HOP, (replied) => this.#predict(context, origin, replied));
      const prediction = readPrediction(reply.payload);
      if (prediction.request !== request) counter.problem(`request ${request}: not its own prediction`);
      ledger.predict(request);
      this.#publish(reply, prediction, origin);
      const tokens = Math.min(generatedTokens, MAX_EXPLANATION_TOKENS);
      const hop = explainHop(prediction.version);
      await calls.make(hop, (replied) => this.#explain(prediction, tokens, origin, replied));
      ledger.answer(request);
      answers.record(monotonicMicros() - intendedAt);
    } catch (thrown) {
      const { code, message } = toModwireError(thrown);
      ledger.fail(request, code);
      // What no peer has said is a defect here.
      if (!(thrown instanceof ModwireError)) counter.problem(`request ${request}: ${message}`);
    }
  }

  async #predict(context: Uint8Array, origin: Origin, replied: () => void): Promise<Reply> {
    const reply = await this.#parts.client.request('predict', context, { ...origin, timeoutMs: TIMEOUT_MS });
    replied();
    return reply;
  }

  /** Caused by the request that was replied to, as the features are that it was made from. */
  #publish({ frame, payload }: Reply, { version }: Prediction, { correlationId, trace }: Origin): void {
    const { client, counter } = this.#parts;
    const causationId = frame.correlationId!;
    const isOpen = client.publish(`predictions.${version}`, payload, { correlationId, causationId, trace });
    counter.published(PREDICTIONS_CHANNEL, payload.length);
    if (!isOpen) counter.waits++;
  }

  async #explain(
    { request, intendedAt, version, features }: Prediction,
    tokens: number,
    origin: Origin,
    replied: () => void,
  ): Promise<void> {
    const { client, counter } = this.#parts;
    const payload = writeFeatures({ request, intendedAt, second: tokens, features });
    const stream = client.requestStream(`explain.${version}`, payload, { ...origin, timeoutMs: TIMEOUT_MS });
    let received = 0;
    for await (const reply of stream) {
      replied();
      const [index] = reply.json() as ExplanationToken;
      if (index !== received) counter.problem(`request ${request}: token ${index} in place of ${received}`);
      received++;
    }
    if (received !== tokens)
      counter.problem(`request ${request}: ${received} of ${tokens} tokens explain it`);
  }

  #origin(): Origin {
    const correlationId = new Uint8Array(16);
    const spanId = new Uint8Array(8);
    this.#ids.nextId(correlationId, Date.now());
    this.#ids.nextRandom(spanId);
    return { correlationId, trace: { traceId: correlationId, spanId, flags: 0 } };
  }
}
