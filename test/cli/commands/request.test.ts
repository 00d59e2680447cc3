import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { type Client, ContentType, connect, type IncomingRequest, ModwireError } from '../../../src/index.js';
import { deferred } from '../../support/deferred.js';
import { run, serve, start } from '../cli-process.js';
import { type CliOptions, cleanUp, folder, type Serving } from '../cli-run.js';
import { runHere, serveHere, startHere } from '../run-here.js';

let broker: Serving;
let worker: Client;
let requests: IncomingRequest[];

beforeEach(async () => {
  broker = await serveHere(['--startup-grace-ms', '0']);
  worker = await connect(broker.url, { reconnect: false });
  worker.on('error', () => undefined);
  requests = [];
});
afterEach(async () => {
  await worker.close();
  await cleanUp();
});

const request = (args: readonly string[], options: CliOptions = {}) =>
  runHere(['request', ...args], { ...options, env: { MODWIRE_URL: broker.url } });

/** A worker that keeps what it is asked and answers 7. */
const serveSeven = (subject: string) =>
  worker.serve(subject, (one) => {
    requests.push(one);
    return { score: 7 };
  });

describe('modwire request', () => {
  it('prints the reply, and nothing else', async () => {
    await serveSeven('models.score');
    expect(await request(['models.score', '{"age":7}'])).toMatchObject({
      code: 0,
      stdout: '{"score":7}\n',
      stderr: '',
    });
    expect([requests[0]!.subject, requests[0]!.json()]).toEqual(['models.score', { age: 7 }]);
  });

  it('prints with --json what there is to know of the reply', async () => {
    await worker.serve('models.raw', () => Uint8Array.of(0, 255));
    const { lines } = await request(['models.raw', 'x', '--json']);
    expect(lines).toHaveLength(1);
    const { request: id, latencyMs, ...rest } = JSON.parse(lines[0]!);
    expect(rest).toEqual({
      subject: 'models.raw',
      attempts: 1,
      contentType: 'bytes',
      payload: { base64: 'AP8=' },
    });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(latencyMs).toBeGreaterThan(0);
  });

  it('asks for a range of versions, and says which there are when nobody is in it', async () => {
    await worker.serve('models.score', { version: '1.4.0' }, () => 1);
    const ask = (range: string) => request(['models.score', '--version-range', range]);
    expect(await ask('^1.2')).toMatchObject({ code: 0, stdout: '1\n' });
    const { code, stderr } = await ask('>=2 <3');
    expect([code, stderr]).toEqual([ERRORS.NO_RESPONDERS.exitCode, expect.stringContaining('got 1.4.0')]);
    expect(await ask('newest')).toMatchObject({ code: ERRORS.INVALID_ARGUMENT.exitCode });
  });

  it('sends the payload as `modwire pub` does, with what the flags say', async () => {
    await serveSeven('models.score');
    const cwd = folder();
    writeFileSync(join(cwd, 'input.bin'), Uint8Array.of(1, 2, 3));
    const flags = ['--key', 'user-7', '--priority', '9', '-H', 'tenant=x', '--timeout', '3s', '--idempotent'];
    expect((await request(['models.score', '-f', 'input.bin', ...flags], { cwd })).code).toBe(0);
    const piped = await run(['request', 'models.score', '-f', '-', '--url', broker.url], {
      input: '[1,\n2]',
    });
    expect([piped.code, piped.stdout]).toEqual([0, '{"score":7}\n']);
    const [first, second] = requests.map(({ frame }) => frame);
    expect([...first!.payload]).toEqual([1, 2, 3]);
    expect(first).toMatchObject({ contentType: ContentType.bytes, priority: 9, assignmentKey: 'user-7' });
    expect(first!.headers).toEqual([['tenant', 'x']]);
    expect(first!.timeout).toBeLessThanOrEqual(3_000_000);
    expect([second!.contentType, second!.text()]).toEqual([ContentType.json, '[1,\n2]']);
  });

  it('prints each reply of a stream, and then the error that ends it', async () => {
    await worker.serve('models.tokens', async function* () {
      yield 'to';
      yield 'be';
      throw new ModwireError('FAILED_PRECONDITION', 'no more words');
    });
    expect(await request(['models.tokens', '--stream'])).toMatchObject({
      code: ERRORS.FAILED_PRECONDITION.exitCode,
      lines: ['"to"', '"be"'],
      errors: ['modwire: FAILED_PRECONDITION: no more words'],
    });
  });

  it('measures many requests, as many at once as it is told', async () => {
    const full = deferred();
    await worker.serve('models.score', async (one) => {
      if (requests.push(one) === 4) full.resolve();
      // Nobody is answered before four are there.
      await full.promise;
      return requests.length % 2 === 0 ? one.json() : null;
    });
    const { code, lines } = await request(['models.score', '1', '-n', '20', '-c', '4', '--json']);
    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    const summary = JSON.parse(lines[0]!);
    expect(summary).toMatchObject({ requests: 20, replied: 20, failed: {}, replies: 20 });
    const { p50, p90, p99, max } = summary.latencyMs;
    expect([p50, p90, p99, max].toSorted((one, other) => one - other)).toEqual([p50, p90, p99, max]);
    expect(summary.perSecond).toBeCloseTo(20 / summary.seconds);
    expect(requests).toHaveLength(20);
  });

  it('counts replies of streams, and says how long the first and the last took', async () => {
    await worker.serve('models.tokens', async function* () {
      yield* [1, 2, 3];
    });
    const { code, lines } = await request(['models.tokens', '--stream', '-n', '5']);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^5 requests in \d+\.\d\d s, 5 replied to with 15 replies: \d+\/s$/);
    expect(lines.slice(1).map((line) => line.replace(/\d+\.\d\d/g, 'N'))).toEqual([
      '  first reply p50 N, p90 N, p99 N, max N ms',
      '  last reply p50 N, p90 N, p99 N, max N ms',
    ]);
  });

  it('counts failures by their code, goes on, and exits with the first', async () => {
    await worker.serve('models.score', (one) => {
      if (requests.push(one) % 2 === 0) throw new ModwireError('NOT_FOUND', 'no such user');
      return 7;
    });
    const { code, lines, errors } = await request(['models.score', '1', '-n', '10']);
    expect(code).toBe(ERRORS.NOT_FOUND.exitCode);
    expect(lines[0]).toMatch(/^10 requests in .* s, 5 replied to: \d+\/s$/);
    expect(lines[1]).toBe('  NOT_FOUND 5');
    expect(errors).toEqual(['modwire: NOT_FOUND: no such user; 5 of 10 requests failed']);
  });

  it('exits with the code of what went wrong', async () => {
    const nobody = await request(['models.nobody', '1']);
    expect(nobody.code).toBe(ERRORS.NO_RESPONDERS.exitCode);
    expect(nobody.stderr).toMatch(/^modwire: NO_RESPONDERS: .*\n$/);
    await worker.serve('models.hangs', () => new Promise<never>(() => {}));
    const late = await request(['models.hangs', '1', '--timeout', '50ms']);
    expect(late.code).toBe(ERRORS.DEADLINE_EXCEEDED.exitCode);
    expect((await request(['a', '1', '--url', 'ws://127.0.0.1:1'])).code).toBe(ERRORS.UNAVAILABLE.exitCode);
  });

  it('gives up with Ctrl-C what is under way, and says what was done', async () => {
    const given = deferred();
    await worker.serve('models.score', (one, { signal }) => {
      if (requests.push(one) <= 3) return 7;
      signal.addEventListener('abort', () => given.resolve());
      return new Promise<never>(() => {});
    });
    const flags = ['-n', '1000', '--json', '--url', broker.url];
    const process = start(['request', 'models.score', '1', ...flags]);
    while (requests.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
    process.interrupt();
    expect((await process.exit).code).toBe(ERRORS.CANCELLED.exitCode);
    await given.promise;
    expect(JSON.parse(process.stdout)).toMatchObject({ requests: 4, replied: 3, failed: { CANCELLED: 1 } });
    expect(process.stderr).toBe(
      'modwire: CANCELLED: interrupted; 1 of 1000 requests failed, 996 were not made\n',
    );
  });

  it('makes no more requests when the broker is gone', async () => {
    const { process: victim, url } = await serve();
    const witness = await connect(url, { reconnect: false });
    const asked = deferred();
    await witness.serve('models.hangs', () => {
      asked.resolve();
      return new Promise<never>(() => {});
    });
    const process = startHere(['request', 'models.hangs', '1', '-n', '100000000', '--url', url]);
    await asked.promise;
    victim.child.kill('SIGKILL');
    expect((await process.exit).code).toBe(ERRORS.UNAVAILABLE.exitCode);
    expect(process.stderr).toMatch(/; 1 of 100000000 requests failed, 99999999 were not made/);
  });

  it.each([
    [['a..b', '1'], 'not a subject'],
    [['a.*', '1'], 'got the wildcard *'],
    [[], 'an argument is missing: expected modwire request SUBJECT'],
    [['a', '1', '--timeout', '0'], '--timeout is not valid: expected a duration from 1ms to 24h'],
    [['a', '1', '--count', '0'], '--count is not valid'],
    [['a', '1', '--concurrency', 'many'], '--concurrency is not valid'],
    [['a', '1', '--file', 'x'], 'two payloads'],
  ])('refuses %j: INVALID_ARGUMENT', async (args, message) => {
    const { code, stderr } = await request(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
