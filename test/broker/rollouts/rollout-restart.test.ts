import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import { nextMessage, startChild } from '../../support/child.js';
import {
  QUICK_CANARY,
  RolloutsOverHttp,
  serveVersion,
  Traffic,
  versionsOf,
} from '../../support/rollout-scene.js';

const fixture = new BrokerFixture();
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A broker as a process of its own that can be killed and started again at the same address. */
class KilledBroker {
  readonly directory = mkdtempSync(join(tmpdir(), 'modwire-rollouts-'));
  readonly #transport: TransportName;
  #child: ChildProcess | undefined;
  port = 0;

  constructor(transport: TransportName) {
    this.#transport = transport;
    folders.push(this.directory);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = { port: this.port, dataDir: this.directory, transport: this.#transport };
    this.#child = startChild('broker-process.mjs', [JSON.stringify(options)]);
    const url = await nextMessage<string>(this.#child, 'url');
    this.port = Number(new URL(url).port);
  }

  async kill(): Promise<void> {
    const gone = once(this.#child!, 'exit');
    this.#child!.kill('SIGKILL');
    await gone;
  }

  async close(): Promise<void> {
    if (this.#child?.exitCode === null && this.#child.signalCode === null) await this.kill();
  }
}

async function scene(transport: TransportName) {
  const broker = fixture.closing(new KilledBroker(transport));
  await broker.start();
  await serveVersion(await fixture.client(broker.url, { name: 'old' }), '1.4.0');
  await serveVersion(await fixture.client(broker.url, { name: 'young' }), '2.0.0');
  const caller = await fixture.client(broker.url, { name: 'caller' });
  return { broker, caller, rollouts: new RolloutsOverHttp(broker) };
}

describe.each(TRANSPORTS)('a broker that is killed over %s', (transport) => {
  it('goes on with its rollout where it was: the same step and weights, and each key at its version', async () => {
    const { broker, caller, rollouts } = await scene(transport);
    await rollouts.start({ ...QUICK_CANARY, holdMs: 600_000 });
    const promoted = await rollouts.command('promote', { reason: 'by hand' });
    const before = await versionsOf(caller, 200);
    await broker.kill();
    await broker.start();
    const after = await rollouts.show();
    expect(after).toMatchObject({
      status: 'running',
      stage: 'step-2',
      weights: promoted.weights,
      inForce: true,
    });
    expect(after.history).toEqual(promoted.history);
    // The first requests come before all workers are back.
    expect(await versionsOf(caller, 200)).toEqual(before);
    await rollouts.command('promote');
    expect((await rollouts.command('promote')).status).toBe('completed');
    await broker.kill();
    await broker.start();
    expect(await rollouts.show()).toMatchObject({ status: 'completed', inForce: true, mayStop: 'stable' });
    expect(new Set((await versionsOf(caller, 50)).values())).toEqual(new Set(['2.0.0']));
  });

  it('keeps the time that a step was held and what was judged, and gets to the end by itself', async () => {
    const { broker, caller, rollouts } = await scene(transport);
    fixture.closing(new Traffic(caller));
    await rollouts.start({ ...QUICK_CANARY, steps: [50, 100], holdMs: 3_000, minRequests: 10 });
    const kept = () => {
      const { state } = JSON.parse(readFileSync(join(broker.directory, 'rollouts.json'), 'utf8')).rollouts[0];
      return state as { heldMs: number; judged: { requests: number } };
    };
    await eventually('a second', () => kept().heldMs >= 1_000 && kept().judged.requests > 0);
    await broker.kill();
    const { heldMs, judged } = kept();
    await broker.start();
    const after = await rollouts.show();
    expect(after.heldMs).toBeGreaterThanOrEqual(heldMs);
    expect(after.judged.requests).toBeGreaterThanOrEqual(judged.requests);
    await eventually('the end', async () => (await rollouts.show()).status !== 'running', 20_000);
    const { status, history } = await rollouts.show();
    expect([status, history.length]).toEqual(['completed', 3]);
  });
});
