/** The demo's gateway: sends a request at each intended time, whatever became of those before, and takes feedback. */
import type { Client } from '../../client/client.js';
import type { Subscription } from '../../client/subscription.js';
import { IdGenerator } from '../../codec/message-id.js';
import { type Arrival, generateArrivals, replayArrivals, withinDuration } from '../arrivals.js';
import type { ArrivalPlan, GatewayCommands, GatewayPlan } from '../commands.js';
import { Counter, LatencyHistogram } from '../figures.js';
import { monotonicMicros, Pace } from '../pace.js';
import { type FeedbackMessage, PayloadWriter, type TokenView } from '../payload.js';
import { Random } from '../random.js';
import { RequestLedger } from '../request-ledger.js';
import { FEEDBACK_STAGE, featuresChannel, WORKERS } from '../stages.js';
import { readTrace } from '../trace-csv.js';
import { connectCounted } from './connect-counted.js';
import { serveParent } from './serve-parent.js';

const MODELS = ['chat-small', 'chat-large'] as const;
/** Share of the requests that go to the first model. */
const SMALL_SHARE = 0.7;
/** Between being told to run and the start of the schedule. Microseconds. */
const LEAD = 20_000;

const counter = new Counter();
const ledger = new RequestLedger();
const lateness = new LatencyHistogram();
const stopped = new AbortController();
let plan: GatewayPlan;
let client: Client;
let feedback: Subscription;
let running: Promise<number> | undefined;

async function send(): Promise<number> {
  const random = new Random(plan.seed);
  const ids = new IdGenerator();
  const correlationId = new Uint8Array(16);
  const payloads = new PayloadWriter();
  const pace = new Pace(stopped.signal);
  const fill = (context: TokenView) => {
    for (let index = 0; index < context.length; index++) context.set(index, random.next());
  };
  const start = monotonicMicros() + LEAD;
  for await (const arrival of arrivalsOf(plan)) {
    const intendedAt = start + arrival.atMicros;
    await pace.until(intendedAt);
    if (stopped.signal.aborted) break;
    const model = MODELS[random.uniform() < SMALL_SHARE ? 0 : 1];
    const shard = random.next() % WORKERS.length;
    const envelope = { request: ledger.send(), intendedAt };
    const payload = payloads.features(envelope, arrival.contextTokens, arrival.generatedTokens, fill);
    ids.nextId(correlationId, Date.now());
    lateness.record(monotonicMicros() - intendedAt);
    const isOpen = client.publish(`features.${model}.${shard}`, payload, { correlationId });
    counter.published(featuresChannel(shard), payload.length);
    if (!isOpen) {
      // The schedule does not wait: what is sent late for it counts as late.
      counter.waits++;
      await client.ready();
    }
  }
  await client.flush();
  return (monotonicMicros() - start) / 1e6;
}

function arrivalsOf({ arrivals, seed, durationSeconds }: GatewayPlan): AsyncIterable<Arrival> {
  return withinDuration(openArrivals(arrivals, seed), durationSeconds * 1e6);
}

function openArrivals(arrivals: ArrivalPlan, seed: number): AsyncIterable<Arrival> | Iterable<Arrival> {
  if (arrivals.kind === 'generated') return generateArrivals(arrivals.rate, seed);
  return replayArrivals(readTrace(arrivals.path), arrivals.speed);
}

serveParent<GatewayCommands>(
  {
    async connect(given: GatewayPlan) {
      plan = given;
      client = await connectCounted(plan.url, 'demo gateway', counter, () => FEEDBACK_STAGE);
      feedback = await client.subscribe('feedback.*', (frame) => {
        const { request, intendedAt } = frame.json() as FeedbackMessage;
        counter.delivered(FEEDBACK_STAGE, frame.payloadLength, intendedAt, monotonicMicros());
        ledger.answer(request);
      });
    },
    run() {
      running = send();
      return running;
    },
    async stop() {
      stopped.abort();
      await running;
    },
    async drain() {
      // Frames that the broker sent before it agreed have come by then.
      await feedback.unsubscribe();
      await client.close();
      return figures();
    },
  },
  figures,
);

function figures() {
  return { ...counter.figures, requests: ledger.figures, lateness: lateness.latency };
}
