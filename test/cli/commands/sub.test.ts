import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { type Client, connect } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { ORDERS } from '../../support/order-schemas.js';
import { run, serve, start } from '../cli-process.js';
import { type CliRun, cleanUp, folder, type Serving } from '../cli-run.js';
import { runHere, serveHere, startHere } from '../run-here.js';

let broker: Serving;
let publisher: Client;

beforeEach(async () => {
  broker = await serveHere();
  publisher = await connect(broker.url);
});
afterEach(async () => {
  await publisher.close();
  await cleanUp();
});

/** A `modwire sub` that has subscribed. */
const sub = (...args: string[]) => subTo(broker.url, ...args);
const subTo = (url: string, ...args: string[]) =>
  subscribed(startHere(['sub', ...args], { env: { MODWIRE_URL: url } }));
/** The same in a process of its own. */
const subApart = (...args: string[]) =>
  subscribed(start(['sub', ...args], { env: { MODWIRE_URL: broker.url } }));

async function subscribed<Run extends CliRun>(run: Run): Promise<Run> {
  await run.until('stderr', /^(\{"subscribed"|subscribed to )/);
  return run;
}

const publish = (subject: string, payload: unknown) =>
  publisher.publish(subject, payload as object, { ack: true });

/**
 * A broker that can be killed and started again where it was. On the transport ws: uWebSockets.js does not let the
 * port of a listener that had it picked be taken again at once.
 */
async function restartable(): Promise<{ url: string; restart(down: () => Promise<unknown>): Promise<void> }> {
  const { process, url, port } = await serve(['--transport', 'ws']);
  const restart = async (down: () => Promise<unknown>) => {
    process.child.kill('SIGKILL');
    await process.exit;
    await down();
    await serve(['--transport', 'ws', '--port', String(port)]);
  };
  return { url, restart };
}

describe('two terminals', () => {
  it('carry three messages from modwire pub to modwire sub --json --count 3', async () => {
    const subscriber = await subApart('features.>', '--json', '--count', '3');
    const command = ['pub', 'features.user.42', '{"age":7}', '--count', '3', '--url', broker.url, '--json'];
    const { code, lines } = await run(command);
    expect(code).toBe(0);
    expect((await subscriber.exit).code).toBe(0);
    const messages = subscriber.lines.map((line) => JSON.parse(line));
    expect(messages.map(({ subject, sequence, payload }) => [subject, sequence, payload])).toEqual(
      [1, 2, 3].map((sequence) => ['features.user.42', sequence, { age: 7 }]),
    );
    expect(messages.map(({ id }) => id)).toEqual(lines.map((line) => JSON.parse(line).id));
    for (const { id, traceId, spanId } of messages) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(new Set(messages.map(({ traceId }) => traceId)).size).toBe(3);
  });
});

describe('modwire sub', () => {
  it('prints a line of text for each message, without colours in a pipe', async () => {
    const subscriber = await sub('>', '-n', '3');
    await publish('features.user.42', { age: 7 });
    await publish('notes', new TextEncoder().encode('two\nlines \u001b[31m'));
    await publish('tensors.a', Uint8Array.of(0, 255));
    expect((await subscriber.exit).code).toBe(0);
    expect(subscriber.stderr).toBe(`subscribed to > at ${broker.url}\n`);
    expect(subscriber.lines.map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3}/, 'TIME'))).toEqual([
      'TIME features.user.42 #1 {"age":7}',
      'TIME notes #1 two\\nlines \\u001b[31m',
      'TIME tensors.a #1 <2 bytes: 00 ff>',
    ]);
  });

  it('prints every message once and in order, whatever its filters', async () => {
    const more = Array.from({ length: 20 }, (_, index) => `more.${index}`);
    const subscriber = await sub('a.>', 'a.*', 'b', 'b', ...more, '--json', '-n', '900');
    for (let count = 0; count < 300; count++) {
      for (const subject of ['a.x', 'a.y.z', 'b', 'c']) publisher.publish(subject, count);
    }
    await publisher.flush();
    expect((await subscriber.exit).code).toBe(0);
    const messages = subscriber.lines.map((line) => JSON.parse(line));
    for (const wanted of ['a.x', 'a.y.z', 'b']) {
      const payloads = messages.filter(({ subject }) => subject === wanted).map(({ payload }) => payload);
      expect(payloads).toEqual(Array.from({ length: 300 }, (_, index) => index));
    }
    expect(messages).toHaveLength(900);
    expect(subscriber.errors).toHaveLength(1);
  });

  it('shares messages with the other members of its group, whatever its filters', async () => {
    const members = [
      await sub('jobs.*', 'jobs.a', '--group', 'workers', '--json'),
      await sub('>', '--group', 'workers', '--json'),
    ];
    for (let number = 1; number <= 6; number++) await publish('jobs.a', number);
    // All are there before any of them ends: who ends takes with it what it was handed.
    await eventually('all messages', () => members.flatMap(({ lines }) => lines).length >= 6);
    for (const member of members) {
      member.interrupt();
      expect((await member.exit).code).toBe(0);
    }
    const payloads = members.map(({ lines }) =>
      lines.map((line) => (JSON.parse(line) as { payload: number }).payload),
    );
    expect(payloads.map((own) => own.length)).toEqual([4, 2]);
    expect(payloads.flat().toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
    const [notice] = members[0]!.errors;
    expect(JSON.parse(notice!)).toMatchObject({
      subscribed: { filters: ['jobs.*', 'jobs.a'], group: 'workers' },
    });
  });

  it('says as a member of which group it has subscribed, and refuses a name that is none', async () => {
    const member = await sub('a', '--group', 'workers', '--timeout', '100ms');
    await member.exit;
    expect(member.errors).toEqual([`subscribed to a as a member of workers at ${broker.url}`]);
    const refused = await runHere(['sub', 'a', '--group', '', '--url', broker.url]);
    expect(refused.code).toBe(ERRORS.INVALID_ARGUMENT.exitCode);
    expect(refused.errors.at(-1)).toMatch(/not a name of a group/);
  });

  it('ends after its timeout: with 0, or DEADLINE_EXCEEDED when messages were expected', async () => {
    const patient = await sub('a', '--timeout', '50ms');
    expect(await patient.exit).toEqual({ code: 0, signal: null });
    const expecting = await sub('a', '--timeout', '500ms', '--count', '2');
    await publish('a', 1);
    expect((await expecting.exit).code).toBe(21);
    expect(expecting.errors.at(-1)).toBe(
      'modwire: DEADLINE_EXCEEDED: the time is up: expected 2 messages, got 1',
    );
    expect(expecting.lines).toHaveLength(1);
  });

  it('ends with Ctrl-C: with 0, or CANCELLED when messages were expected', async () => {
    for (const [flags, code] of [
      [[], 0],
      [['--count', '2'], 20],
    ] as const) {
      const subscriber = await subApart('a', ...flags);
      await publish('a', 1);
      await subscriber.until('stdout', /a #/);
      subscriber.interrupt();
      expect(await subscriber.exit).toEqual({ code, signal: null });
    }
  });

  it('ends quietly when nobody reads its output any more', async () => {
    const subscriber = await subApart('a');
    await publish('a', 1);
    await subscriber.until('stdout', /a #1/);
    subscriber.child.stdout.destroy();
    const publishing = setInterval(() => publisher.publish('a', 2), 10);
    expect(await subscriber.exit).toEqual({ code: 0, signal: null });
    clearInterval(publishing);
    expect(subscriber.errors).toHaveLength(1);
  });

  it('connects again when the broker is back, and tells what it missed', async () => {
    const { url, restart } = await restartable();
    const subscriber = await subTo(url, 'a', '--json');
    const [first] = (await runHere(['pub', 'a', '1', '--json', '--url', url])).lines;
    await subscriber.until('stdout', /"sequence":1/);
    await restart(() => subscriber.until('stderr', /^\{"disconnect":/));
    await subscriber.until('stderr', /^\{"reconnect":/);
    await runHere(['pub', 'a', '2', '--url', url]);
    await subscriber.until('stdout', /"payload":2/);
    subscriber.interrupt();
    expect((await subscriber.exit).code).toBe(0);
    const notices = subscriber.errors.map((line) => JSON.parse(line));
    const [{ gap }] = notices.filter((notice) => 'gap' in notice);
    expect(gap).toMatchObject({ subject: 'a', first: 2, last: 0, reason: 'disconnected' });
    expect(JSON.parse(subscriber.lines[0]!)).toMatchObject(JSON.parse(first!));
  });

  it('tells of gaps as text too', async () => {
    const { url, restart } = await restartable();
    const subscriber = await subTo(url, 'a');
    await runHere(['pub', 'a', '1', '--url', url]);
    await subscriber.until('stdout', /a #1/);
    await restart(() => subscriber.until('stderr', /^disconnected: /));
    await subscriber.until('stderr', /^gap: a from #2 on missed: the connection was down$/);
  });

  it('says behind a message of the quarantine why it was refused', async () => {
    const { url } = await serveHere(['--quarantine', 'true']);
    const cwd = folder();
    writeFileSync(join(cwd, 'order.fbs'), ORDERS.v1);
    const env = { MODWIRE_URL: url };
    await runHere(['contracts', 'register', 'orders', 'order.fbs'], { cwd, env });
    await runHere(['contracts', 'bind', 'orders.>', 'orders'], { env });
    const subscriber = await subTo(url, '$quarantine.>', '-n', '1');
    expect((await runHere(['pub', 'orders.eu', '{"id":7}'], { env })).code).toBe(
      ERRORS.CONTRACT_VIOLATION.exitCode,
    );
    await subscriber.exit;
    expect(subscriber.stdout).toMatch(
      /^\S+ \$quarantine\.orders\.eu #1 \{"id":7\} refused: CONTRACT_VIOLATION: not of a version of the contract: .*; encode it with the contract, or publish JSON with POST \/v1\/publish\n$/,
    );
  });

  it.each([
    [['a.>.b'], 'not a filter'],
    [['a', '..'], 'not a filter'],
    [['a', '--count', 'x'], '--count is not valid'],
    [['a', '--timeout', '0'], '--timeout is not valid: expected a duration from 1ms'],
  ])('refuses %j: INVALID_ARGUMENT', async (args, message) => {
    const { code, stderr } = await runHere(['sub', ...args, '--url', broker.url]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it('needs a broker: UNAVAILABLE', async () => {
    expect((await runHere(['sub', 'a', '--url', 'ws://127.0.0.1:1'])).code).toBe(69);
  });

  it('reports a subscription that the broker refuses', async () => {
    const { url } = await serveHere(['--max-subscriptions', '1']);
    const { code, stderr } = await runHere(['sub', 'a', 'b', '--url', url]);
    expect(code).toBe(25);
    expect(stderr).toContain('modwire: RESOURCE_EXHAUSTED: too many subscriptions');
  });
});
