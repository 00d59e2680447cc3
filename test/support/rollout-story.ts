import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { RolloutDetails } from '../../src/broker/rollouts/rollout-info.js';
import { encodeUtf8 } from '../../src/codec/utf8.js';
import { bucketOfKey, saltSeed } from '../../src/routing/experiments/assignment-hash.js';
import type { RolloutEvent } from '../../src/routing/rollouts/rollout-state.js';
import { type CliProcess, run, start } from '../cli/cli-process.js';
import { eventually, within } from './broker-eventually.js';
import { ask } from './broker-http.js';
import { nextMessage, startChild } from './child.js';
import { temporaryDirectory } from './registry-fixture.js';
import { RolloutsOverHttp } from './rollout-scene.js';

/** A request and its outcome; times are of the wall clock, in milliseconds. */
export interface AskedRequest {
  readonly number: number;
  readonly key: string;
  readonly begunAt: number;
  readonly endedAt: number;
  readonly version?: string;
  /** As the worker read it from the request. */
  readonly variant?: string;
  /** Experiment and variant as the reply says them. */
  readonly told?: readonly string[];
  readonly code?: string;
}

export interface AskerReport {
  readonly made: number;
  readonly ended: readonly AskedRequest[];
  readonly heard: ReadonlyArray<{ readonly event: RolloutEvent; readonly heardAt: number }>;
  readonly disconnects: number;
}

export const PLAN = {
  ...{ name: 'scorer-2', subject: 'models.score', stable: '^1.0.0', candidate: '^2.0.0' },
  ...{ strategy: 'canary', steps: [5, 25, 50, 100], holdMs: 900, minRequests: 8 },
  gates: { maxErrorRate: 0.05, windowMs: 20_000 },
} as const;

/** A machine that is busy takes its time. Milliseconds. */
const PATIENCE_MS = 60_000;

/** For so long after a start requests wait for workers of their own version. Milliseconds. */
const GRACE_MS = 20_000;

/** Workers of each version. */
const WORKERS = 2;

/** A broker that keeps what it knows, workers and somebody who makes requests, all in processes of their own. */
export class RolloutStory {
  readonly #dataDir: string;
  readonly #processed: string;
  #broker!: { process: CliProcess; url: string; port: number };
  #asker!: ChildProcess;

  private constructor(dataDir: string, folder: string) {
    this.#dataDir = dataDir;
    this.#processed = join(folder, 'processed');
    writeFileSync(this.#processed, '');
  }

  static async begin(): Promise<RolloutStory> {
    const story = new RolloutStory(await temporaryDirectory(), await temporaryDirectory());
    await story.#serve(0);
    return story;
  }

  get rollouts(): RolloutsOverHttp {
    return new RolloutsOverHttp(this.#broker);
  }

  /** The experiment that the rollout drives, as the broker has it. */
  async experiment(): Promise<{ table: readonly (readonly [string, number])[] }> {
    const { status, body } = await ask(this.#broker.port, `/v1/experiments/${PLAN.name}`);
    expect([status, body]).toEqual([200, expect.any(String)]);
    return JSON.parse(body);
  }

  /** Starts workers of a version, and resolves when they serve. */
  workers(version: string, health: 'well' | 'failing' = 'well'): Promise<ChildProcess[]> {
    const { url } = this.#broker;
    return Promise.all(
      Array.from({ length: WORKERS }, (_, index) =>
        program('scorer', url, `scorer ${version} ${index}`, version, this.#processed, health),
      ),
    );
  }

  async asker(): Promise<void> {
    this.#asker = await program('asker', this.#broker.url, PLAN.name);
  }

  /** Starts the rollout as an operator does. */
  async startRollout(plan: unknown = PLAN): Promise<RolloutDetails> {
    const input = JSON.stringify(plan);
    const { code, stdout, stderr } = await run(
      ['rollout', 'start', '-', '--json', '--url', this.#broker.url],
      { input },
    );
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as RolloutDetails;
  }

  /** Resolves with the rollout once it is so. */
  async until(what: string, holds: (details: RolloutDetails) => boolean): Promise<RolloutDetails> {
    let details = await this.rollouts.show();
    await eventually(
      what,
      async () => {
        details = await this.rollouts.show();
        return holds(details);
      },
      PATIENCE_MS,
    );
    return details;
  }

  /** All workers of both versions are there. */
  async untilComplete(): Promise<void> {
    await this.until('all workers', ({ stable, candidate }) => {
      return stable.workers.workers === WORKERS && candidate.workers.workers === WORKERS;
    });
  }

  /** Resolves when so many more requests have ended. */
  async someMore(requests = 60): Promise<void> {
    const before = await this.#count();
    await eventually('more requests', async () => (await this.#count()) >= before + requests, PATIENCE_MS);
  }

  /** Which variant each of so many keys meets. */
  async variantsOf(keys: number): Promise<readonly string[]> {
    const assign = Array.from({ length: keys }, (_, index) => `somebody-${index}`);
    const variants = nextMessage<string[]>(this.#asker, 'variants');
    this.#asker.send({ assign });
    return within('the variants', variants, PATIENCE_MS);
  }

  /** Kills the broker, and starts another one on its port with what it has kept. */
  async restartBroker(): Promise<void> {
    const { process, port } = this.#broker;
    process.child.kill('SIGKILL');
    await process.exit;
    await this.#serve(port);
  }

  /** Ends the requests; every one has its outcome. */
  async end(): Promise<AskerReport> {
    const report = nextMessage<AskerReport>(this.#asker, 'report');
    this.#asker.send('stop');
    const said = await within('the report', report, PATIENCE_MS);
    expect(said.ended.length).toBe(said.made);
    return said;
  }

  /** What workers processed, as often as they did. */
  processed(): string[] {
    return readFileSync(this.#processed, 'utf8').split('\n').slice(0, -1);
  }

  async #serve(port: number): Promise<void> {
    const options = ['--data-dir', this.#dataDir, '--startup-grace-ms', `${GRACE_MS}ms`];
    const process = start(['serve', '--port', String(port), ...options]);
    const [, url, bound] = await process.until('stdout', /^listening (ws:\/\/.*:(\d+))$/);
    this.#broker = { process, url: url!, port: Number(bound) };
  }

  async #count(): Promise<number> {
    const count = nextMessage<number>(this.#asker, 'count');
    this.#asker.send('count');
    return count;
  }
}

/** Workers leave, one after the other: each is told to, and its process ends. */
export async function drain(workers: readonly ChildProcess[]): Promise<void> {
  for (const worker of workers) {
    const gone = new Promise((resolve) => worker.once('exit', (code, signal) => resolve([code, signal])));
    worker.send('drain');
    expect(await within('the end of a worker', gone, PATIENCE_MS)).toEqual([0, null]);
  }
}

const SEED = saltSeed(PLAN.name);

/** The variant where a key belongs when the candidate has so many percent: of two variants the later one has the last buckets. */
export function variantFor(key: string, weight: number): 'stable' | 'candidate' {
  const bytes = encodeUtf8(key);
  return bucketOfKey(bytes, 0, bytes.length, SEED) < 10_000 - weight * 100 ? 'stable' : 'candidate';
}

async function program(name: string, ...args: readonly string[]): Promise<ChildProcess> {
  const child = startChild(`../story/${name}.mjs`, args);
  onTestFinished(() => void child.kill('SIGKILL'));
  await nextMessage(child, 'ready');
  return child;
}
