import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { type Client, ContentType, connect } from '../../../src/index.js';
import { run, start } from '../cli-process.js';
import { type CliRun, cleanUp, type Serving } from '../cli-run.js';
import { runHere, serveHere, startHere } from '../run-here.js';

let broker: Serving;
let client: Client;

beforeEach(async () => {
  broker = await serveHere(['--startup-grace-ms', '0']);
  client = await connect(broker.url, { reconnect: false });
});
afterEach(async () => {
  await client.close();
  await cleanUp();
});

/** A `modwire serve-echo` that serves. */
const echo = (...args: string[]) =>
  serving(startHere(['serve-echo', ...args], { env: { MODWIRE_URL: broker.url } }));
/** The same in a process of its own. */
const echoApart = (...args: string[]) =>
  serving(start(['serve-echo', ...args], { env: { MODWIRE_URL: broker.url } }));

async function serving<Run extends CliRun>(run: Run): Promise<Run> {
  await run.until('stderr', /^serving /);
  return run;
}

/** How a request ends. */
const outcome = (subject: string, options = {}) =>
  client.request(subject, 1, { retry: false, ...options }).then(
    () => 'replied',
    ({ code }) => code,
  );

describe('three terminals', () => {
  it('carry requests from modwire request to modwire serve-echo and back', async () => {
    const worker = await echoApart('models.>', '--count', '12', '--json');
    const flags = ['--url', broker.url];
    expect((await run(['request', 'models.a', '{"age":7}', ...flags])).stdout).toBe('{"age":7}\n');
    expect((await runHere(['request', 'models.b', 'hello', ...flags])).stdout).toBe('hello\n');
    expect((await runHere(['request', 'models.c', '1', '-n', '10', '-c', '3', ...flags])).code).toBe(0);
    expect((await worker.exit).code).toBe(0);
    expect(JSON.parse(worker.stdout)).toEqual({
      ...{ replied: 12, failed: 0, rejected: 0, abandoned: 0, underWay: 0 },
    });
    expect(worker.stderr).toBe(`serving models.> at ${broker.url}\n`);
  });
});

describe('modwire serve-echo', () => {
  it('changes neither bytes nor what they are, alone and in a stream', async () => {
    await echo('one');
    await echo('many', '--stream', '2');
    // JSON that reading and writing would change.
    const payload = new TextEncoder().encode('{"n": 12345678901234567890}');
    const schemaId = new Uint8Array(16).fill(7);
    const { bytes, json, tensor, flatbuffer } = ContentType;
    for (const options of [
      ...[bytes, json, tensor].map((contentType) => ({ contentType })),
      { contentType: flatbuffer, schemaId },
    ]) {
      const frames = [(await client.request('one', payload, options)).frame];
      for await (const { frame } of client.requestStream('many', payload, options)) frames.push(frame);
      expect(frames).toHaveLength(3);
      for (const frame of frames) expect(frame).toMatchObject({ payload, ...options });
    }
  });

  it('answers with as many replies as it is told, in a stream', async () => {
    await echo('models.tokens', '--stream', '300');
    const replies: unknown[] = [];
    for await (const reply of client.requestStream('models.tokens', { a: 1 })) replies.push(reply.json());
    expect(replies).toEqual(Array.from({ length: 300 }, () => ({ a: 1 })));
  });

  it('fails and rejects as often as it is told', async () => {
    const worker = await echo('fails', '--error-rate', '1', '-n', '3');
    for (let count = 0; count < 3; count++) expect(await outcome('fails')).toBe('INTERNAL');
    expect((await worker.exit).code).toBe(0);
    expect(worker.stdout).toBe('0 replied, 3 failed, 0 rejected, 0 abandoned\n');
    const rejecting = await echo('rejects', '--reject-rate', '1', '-n', '1');
    expect(await outcome('rejects')).toBe('REJECTED');
    await rejecting.exit;
    expect(rejecting.stdout).toBe('0 replied, 0 failed, 1 rejected, 0 abandoned\n');
  });

  it('fails at the end of a stream, after its replies', async () => {
    await echo('models.tokens', '--stream', '3', '--error-rate', '1');
    const replies: unknown[] = [];
    const take = async () => {
      for await (const reply of client.requestStream('models.tokens', 1)) replies.push(reply.json());
    };
    await expect(take()).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(replies).toEqual([1, 1]);
  });

  it('takes as long as it is told, and leaves what its caller gives up', async () => {
    const worker = await echo('slow', '--delay', '1h', '--jitter', '1s', '-n', '2');
    expect(await outcome('slow', { timeoutMs: 50 })).toBe('DEADLINE_EXCEEDED');
    expect(await outcome('slow', { signal: AbortSignal.timeout(50) })).toBe('CANCELLED');
    await worker.exit;
    expect(worker.stdout).toBe('0 replied, 0 failed, 0 rejected, 2 abandoned\n');
  });

  it('shows operators its group, version, policy and concurrency', async () => {
    const flags = ['--group', 'blue', '--service-version', '1.4.0', '--policy', 'round-robin', '-c', '3'];
    await echo('models.score', ...flags);
    const { lines } = await runHere(['services', '--json', '--url', broker.url]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        ...{ subject: 'models.score', group: 'blue', policy: 'round-robin' },
        instances: [{ version: '1.4.0', concurrency: 3 }],
      },
    ]);
  });

  it('answers with Ctrl-C what it has, takes no more, and ends with 0', async () => {
    const worker = await echoApart('models.score', '--delay', '1s');
    const first = outcome('models.score');
    while ((await busy()) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    worker.interrupt();
    expect(await first).toBe('replied');
    expect(await worker.exit).toEqual({ code: 0, signal: null });
    expect(await outcome('models.score')).toBe('NO_RESPONDERS');
    expect(worker.stdout).toBe('1 replied, 0 failed, 0 rejected, 0 abandoned\n');
  });

  it.each([
    [['a..b'], 'not a filter'],
    [['a', 'b'], 'too many arguments'],
    [['a', '--error-rate', '1.5'], '--error-rate is not valid: expected a number from 0 to 1, got "1.5"'],
    [['a', '--reject-rate', '-1'], '--reject-rate'],
    [['a', '--delay', 'soon'], '--delay is not valid'],
    [['a', '--policy', 'random'], 'expected one of least-outstanding, round-robin, consistent-hash'],
    [['a', '--service-version', 'new'], 'version is not valid'],
  ])('refuses %j: INVALID_ARGUMENT', async (args, message) => {
    const { code, stderr } = await runHere(['serve-echo', ...args, '--url', broker.url]);
    expect(code).toBe(ERRORS.INVALID_ARGUMENT.exitCode);
    expect(stderr).toContain(message);
  });
});

/** Requests that workers have not answered. */
async function busy(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${broker.port}/v1/services`);
  const { services } = (await response.json()) as {
    services: ReadonlyArray<{ readonly instances: ReadonlyArray<{ readonly outstanding: number }> }>;
  };
  return services
    .flatMap(({ instances }) => instances)
    .reduce((sum, { outstanding }) => sum + outstanding, 0);
}
