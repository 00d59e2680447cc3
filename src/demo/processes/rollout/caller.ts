/** Whoever makes requests in the rollout's demo: evenly, and without waiting for those before. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../client/client.js';
import { connect } from '../../../client/connect.js';
import { toModwireError } from '../../../errors.js';
import type { RolloutEvent } from '../../../routing/rollouts/rollout-state.js';
import type {
  CallerCommands,
  CallerFigures,
  CallerPlan,
  EndedRequest,
  HeardEvent,
} from '../../rollout/commands.js';
import { REQUEST_MS, ROLLOUT, SUBJECT } from '../../rollout/scene.js';
import { Users } from '../../rollout/users.js';
import { serveParent } from '../serve-parent.js';

/** How often what is due is made. Milliseconds. */
const TICK_MS = 5;

const outcomes = new Set<Promise<void>>();
let ended: EndedRequest[] = [];
let heard: HeardEvent[] = [];
let problems: string[] = [];
let plan: CallerPlan;
let users: Users;
let client: Client | undefined;
let made = 0;
let stopped = false;
let running = Promise.resolve();

async function ask(number: number): Promise<void> {
  const { key, returning } = users.next();
  const begunAt = Date.now();
  const begun = performance.now();
  const end = (outcome: Pick<EndedRequest, 'version' | 'code'>) => {
    const tookMs = performance.now() - begun;
    ended.push({ number, key, returning, begunAt, endedAt: Date.now(), tookMs, ...outcome });
  };
  try {
    const options = { key, timeoutMs: REQUEST_MS, idempotent: true };
    const reply = await client!.request(SUBJECT, { number }, options);
    end(reply.json() as { version: string });
  } catch (thrown) {
    end({ code: toModwireError(thrown).code });
  }
}

async function makeRequests(): Promise<void> {
  const start = performance.now();
  while (!stopped) {
    const due = Math.floor(((performance.now() - start) / 1_000) * plan.rate);
    while (made < due) {
      const outcome = ask(made++).finally(() => outcomes.delete(outcome));
      outcomes.add(outcome);
    }
    await delay(TICK_MS);
  }
}

/** What is told is forgotten here. */
function figures(): CallerFigures | undefined {
  if (client === undefined) return undefined;
  const told = { made, retries: client.calls.retries, ended, heard, problems };
  ended = [];
  heard = [];
  problems = [];
  return told;
}

serveParent<CallerCommands>(
  {
    async connect(given: CallerPlan) {
      plan = given;
      users = new Users(plan.seed);
      const connected = await connect(plan.url, { name: 'demo caller' });
      connected.on('error', ({ code, message }) => problems.push(`the caller met ${code}: ${message}`));
      connected.on('gap', ({ subject }) => problems.push(`the caller missed something of ${subject}`));
      connected.on('disconnect', () => problems.push('the caller lost its connection'));
      await connected.subscribe(`$rollouts.${ROLLOUT}.events`, (frame) => {
        heard.push({ event: frame.json() as RolloutEvent, heardAt: Date.now() });
      });
      client = connected;
    },
    run() {
      running = makeRequests();
    },
    async stop() {
      stopped = true;
      await running;
      await Promise.all(outcomes);
    },
    async drain() {
      await client!.drain();
      return figures()!;
    },
  },
  figures,
);
