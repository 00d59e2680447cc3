import type { ChildProcess } from 'node:child_process';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { ERRORS } from '../../src/errors.js';
import { compileFbs } from '../../src/flatc/index.js';
import type { Gap, Unreadable } from '../../src/index.js';
import { type CliProcess, cleanUp, run, start } from '../cli/cli-process.js';
import { eventually } from '../support/broker-eventually.js';
import { nextMessage, startChild } from '../support/child.js';
import { orderModule } from '../support/order-modules.js';
import { ORDERS } from '../support/order-schemas.js';
import { temporaryDirectory } from '../support/registry-fixture.js';

/** Where a frame stands. */
interface Position {
  readonly epoch: number;
  readonly sequence: number;
}

interface ProducerReport {
  readonly taken: Readonly<Record<string, Position>>;
  readonly unknown: readonly string[];
  readonly errors: readonly string[];
}

interface Received extends Position {
  readonly id: string;
  readonly note: string | null;
  readonly isWrong: boolean;
}

interface ConsumerReport {
  readonly received: readonly Received[];
  readonly gaps: readonly Gap[];
  readonly unreadable: readonly Unreadable[];
  readonly errors: readonly string[];
}

/** The id is a number now: nobody reads the other's data. */
const ORDERS_V3 = ORDERS.v2.replace('id:string (required)', 'id:ulong');

/** Orders that everyone has to get, or to be handed, before the story goes on. */
const SOME = 50;

afterEach(cleanUp);

/** A program of this folder, once it says that it is ready. */
async function startService(program: string, ...args: readonly string[]): Promise<ChildProcess> {
  const child = startChild(`../story/${program}.mjs`, args);
  onTestFinished(() => void child.kill('SIGKILL'));
  await nextMessage(child, 'ready');
  return child;
}

async function countOf(child: ChildProcess): Promise<number> {
  const count = nextMessage<number>(child, 'count');
  child.send('count');
  return count;
}

/** Waits until each of these services has published, or been handed, some more orders. */
async function someMore(...services: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    services.map(async (service) => {
      const before = await countOf(service);
      await eventually('some more orders', async () => (await countOf(service)) >= before + SOME);
    }),
  );
}

async function reportOf<Report>(child: ChildProcess, question: 'stop' | 'report'): Promise<Report> {
  const report = nextMessage<Report>(child, 'report');
  child.send(question);
  return report;
}

/** `modwire serve`, with what it knows in a directory; the port is that of the one before. */
async function serve(dataDir: string, port = 0): Promise<{ process: CliProcess; url: string; port: number }> {
  const process = start(['serve', '--port', String(port), '--data-dir', dataDir]);
  const [, url, bound] = await process.until('stdout', /^listening (ws:\/\/.*:(\d+))$/);
  return { process, url: url!, port: Number(bound) };
}

/** Runs `modwire contracts` against a broker and returns what it prints as JSON. */
async function contracts(url: string, exitCode: number, ...args: readonly string[]) {
  const { code, stdout, stderr } = await run(['contracts', ...args, '--url', url, '--json']);
  expect([code, stdout, stderr]).toEqual([exitCode, expect.any(String), expect.any(String)]);
  return JSON.parse(stdout);
}

/** Whether a consumer got a frame, or was told that it would not come. */
function isAccounted({ received, gaps }: ConsumerReport, { epoch, sequence }: Position): boolean {
  if (received.some((one) => one.epoch === epoch && one.sequence === sequence)) return true;
  const isWithin = ({ first, last }: Gap) => first <= sequence && (last === 0 || last >= sequence);
  return gaps.some((gap) => gap.epoch === epoch && isWithin(gap));
}

/** What a consumer says once it can account for all of these. */
async function completeReport(
  consumer: ChildProcess,
  published: Readonly<Record<string, Position>>,
): Promise<ConsumerReport> {
  let report: ConsumerReport | undefined;
  await eventually('an account of all that was published', async () => {
    const latest = await reportOf<ConsumerReport>(consumer, 'report');
    report = latest;
    // A reader that began later, at what was published from then on, has nothing to say of what came before.
    const [start] = latest.received;
    const expected = Object.values(published).filter((one) => !isBefore(one, start!));
    return expected.length > SOME && expected.every((one) => isAccounted(latest, one));
  });
  return report!;
}

function isBefore(one: Position, other: Position): boolean {
  return one.epoch === other.epoch && one.sequence < other.sequence;
}

test('services that are deployed one by one stay coherent, and nothing malformed is ever received', {
  timeout: 90_000,
}, async () => {
  const v1 = await orderModule('orders', ORDERS.v1);
  const v2 = await orderModule('orders', ORDERS.v2);
  const v3 = await orderModule('orders', ORDERS_V3);
  const dataDir = await temporaryDirectory();
  const first = await serve(dataDir);
  const { url, port } = first;

  // Version 1: its contract, somebody who publishes, somebody who reads.
  await contracts(url, 0, 'register', 'orders', v1.fbs);
  await contracts(url, 0, 'bind', 'orders.>', 'orders');
  const oldConsumer = await startService('consumer', url, 'old-consumer', v1.module);
  const oldProducer = await startService('producer', url, 'old-producer', v1.module);
  await someMore(oldProducer, oldConsumer);

  // Version 2 is registered while they go on, and somebody reads with it what they publish.
  const second = await contracts(url, 0, 'register', 'orders', v2.fbs);
  expect(second).toMatchObject({ version: { version: 2 }, isNew: true, unreadableBy: [] });
  const newConsumer = await startService('consumer', url, 'new-consumer', v2.module);
  await someMore(oldConsumer, newConsumer);

  // The broker is killed in the middle of it. Its next one knows what it knew, and all come back by themselves.
  const before = await contracts(url, 0, 'show', 'orders');
  first.process.child.kill('SIGKILL');
  await first.process.exit;
  await serve(dataDir, port);
  expect(await contracts(url, 0, 'show', 'orders')).toEqual(before);
  await someMore(oldProducer, oldConsumer, newConsumer);

  // The producer is rolled to version 2 while both read.
  const newProducer = await startService('producer', url, 'new-producer', v2.module);
  await someMore(oldProducer, newProducer, oldConsumer, newConsumer);
  const oldReport = await reportOf<ProducerReport>(oldProducer, 'stop');
  await someMore(newProducer, oldConsumer, newConsumer);

  // Version 3 would break both, and so does not become one, whoever asks.
  const names = ['new-consumer', 'old-consumer'];
  const refusal = await contracts(url, ERRORS.INCOMPATIBLE_SCHEMA.exitCode, 'register', 'orders', v3.fbs);
  expect(rulesOf(refusal)).toEqual(RULES_OF_V3);
  expect(clientsOf(refusal)).toEqual(names);
  const offered = await offer(url, await compileFbs(v3.fbs));
  expect(offered.status).toBe(ERRORS.INCOMPATIBLE_SCHEMA.httpStatus);
  const overHttp = (await offered.json()) as Refusal;
  expect([rulesOf(overHttp), clientsOf(overHttp)]).toEqual([RULES_OF_V3, names]);
  const { stdout } = await run(['contracts', 'register', 'orders', v3.fbs, '--url', url]);
  for (const word of [...names, ...RULES_OF_V3.flat()]) expect(stdout).toContain(word);

  // Somebody publishes it all the same.
  const rogue = startChild('../story/rogue.mjs', [url, v3.module, v2.module]);
  const answers = await nextMessage<Record<string, string>>(rogue, 'answers');
  expect(answers).toEqual({
    'its own schema id': expect.stringMatching(/^CONTRACT_VIOLATION: not of a version of the contract/),
    'another schema id': expect.stringMatching(/^CONTRACT_VIOLATION: id: .* at 0x[0-9a-f]+ \(orders@2/),
    'no schema id': expect.stringMatching(/^CONTRACT_VIOLATION: .*got no schema id/),
    'cut off': expect.stringMatching(/^CONTRACT_VIOLATION: .* at 0x[0-9a-f]+ \(orders@2/),
    'no table': expect.stringMatching(/^CONTRACT_VIOLATION: .* at 0x[0-9a-f]+ \(orders@2/),
    'no bytes': expect.stringMatching(/^CONTRACT_VIOLATION: .* at 0x[0-9a-f]+ \(orders@2/),
  });

  // All that was published is accounted for, and nothing else was received.
  await someMore(newProducer, oldConsumer, newConsumer);
  const newReport = await reportOf<ProducerReport>(newProducer, 'stop');
  const published = { ...oldReport.taken, ...newReport.taken };
  const unknown = [...oldReport.unknown, ...newReport.unknown];
  expect([oldReport.errors, newReport.errors, newReport.unknown]).toEqual([[], [], []]);
  for (const [consumer, reads] of [
    [oldConsumer, 1],
    [newConsumer, 2],
  ] as const) {
    const report = await completeReport(consumer, published);
    expect([report.errors, report.unreadable]).toEqual([[], []]);
    expect(report.received.filter(({ isWrong }) => isWrong)).toEqual([]);
    expect(new Set(report.received.map(({ id }) => id)).size).toBe(report.received.length);
    const foreign = report.received.filter(({ id }) => !(id in published) && !unknown.includes(id));
    expect(foreign).toEqual([]);
    for (const { id, note, epoch, sequence } of report.received) {
      if (id in published) expect({ epoch, sequence }).toEqual(published[id]);
      expect(note !== null).toBe(reads === 2 && id.startsWith('new-producer/'));
    }
    // The broker's death is the only loss, and was told.
    expect(report.gaps.length).toBeGreaterThan(0);
    expect(new Set(report.gaps.map(({ reason }) => reason))).toEqual(new Set(['disconnected']));
  }
});

/** What version 3 does to version 2, and to which field. */
const RULES_OF_V3 = [['field-type-changed', 'shop.Order.id']];

interface Refusal {
  readonly check: { against: readonly { violations: readonly { rule: string; path: string }[] }[] };
  readonly unreadableBy: readonly { client: string }[];
}

/** Offers a schema over HTTP, as a deployment would that has no `modwire`. */
function offer(url: string, bfbs: Uint8Array): Promise<Response> {
  return fetch(`${url.replace('ws', 'http')}/v1/contracts/orders/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(bfbs),
  });
}

function rulesOf({ check }: Refusal): string[][] {
  return check.against.flatMap(({ violations }) => violations.map(({ rule, path }) => [rule, path]));
}

function clientsOf({ unreadableBy }: Refusal): string[] {
  return unreadableBy.map(({ client }) => client).sort();
}
