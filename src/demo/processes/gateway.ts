/** The demo's gateway: makes a request at each intended time, whatever became of those before, and takes feedback. */
import type { Client } from '../../client/client.js';
import type { Subscription } from '../../client/subscription.js';
import { type Arrival, generateArrivals, replayArrivals, withinDuration } from '../arrivals.js';
import { CallCounter } from '../call-counter.js';
import type { ArrivalPlan, GatewayCommands, GatewayPlan } from '../commands.js';
import { Counter } from '../figures.js';
import { LatencyHistogram } from '../latency.js';
import { monotonicMicros, Pace } from '../pace.js';
import type { FeedbackMessage } from '../payload.js';
import { Random } from '../random.js';
import { RequestLedger } from '../request-ledger.js';
import { FEEDBACK_STAGE } from '../stages.js';
import { readTrace } from '../trace-csv.js';
import { connectCounted } from './connect-counted.js';
import { GatewayRequests } from './gateway-requests.js';
import { serveParent } from './serve-parent.js';

/** Between being told to run and the start of the schedule. Microseconds. */
const LEAD = 20_000;

const counter = new Counter();
const calls = new CallCounter();
const ledger = new RequestLedger();
const lateness = new LatencyHistogram();
const answers = new LatencyHistogram();
const stopped = new AbortController();
let plan: GatewayPlan;
let client: Client;
let requests: GatewayRequests;
let feedback: Subscription;
let running: Promise<number> | undefined;

async function send(): Promise<number> {
  const random = new Random(plan.seed);
  const pace = new Pace(stopped.signal);
  const start = monotonicMicros() + LEAD;
  for await (const arrival of arrivalsOf(plan)) {
    const intendedAt = start + arrival.atMicros;
    await pace.until(intendedAt);
    if (stopped.signal.aborted) break;
    lateness.record(monotonicMicros() - intendedAt);
    requests.begin(arrival, intendedAt, random);
    // The schedule does not wait: what is sent late for it counts as late.
    await client.ready();
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
      requests = new GatewayRequests({ client, counter, calls, ledger, answers });
      feedback = await client.subscribe('feedback.*', (frame) => {
        const { request, intendedAt } = frame.json() as FeedbackMessage;
        counter.delivered(FEEDBACK_STAGE, frame.payloadLength, intendedAt, monotonicMicros());
        ledger.feedback(request);
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
    async settle() {
      await requests.settled();
      await client.flush();
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
  return {
    ...counter.figures,
    made: calls.made,
    retries: client?.calls.retries ?? 0,
    requests: ledger.figures,
    lateness: lateness.latency,
    answers: answers.latency,
  };
}
