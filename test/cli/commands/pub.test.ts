import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Client, ContentType, connect, type FrameView, formatUuid } from '../../../src/index.js';
import { run, serve, start } from '../cli-process.js';
import { type CliOptions, cleanUp, folder, type Serving } from '../cli-run.js';
import { runHere, serveHere, startHere } from '../run-here.js';

let broker: Serving;
let subscriber: Client;
let frames: FrameView[];

beforeEach(async () => {
  broker = await serveHere();
  subscriber = await connect(broker.url, { reconnect: false });
  frames = [];
  await subscriber.subscribe('>', (frame) => frames.push(frame.copy()));
});
afterEach(async () => {
  await subscriber.close();
  await cleanUp();
});

const pub = (args: readonly string[], options: CliOptions = {}) =>
  runHere(['pub', ...args], { ...options, env: { MODWIRE_URL: broker.url, ...options.env } });

/** The messages that have arrived. */
async function arrived(): Promise<FrameView[]> {
  await subscriber.flush();
  return frames;
}

describe('modwire pub', () => {
  it('publishes as often as it is told, and prints what the broker made of each message', async () => {
    const { code, lines, stderr } = await pub(['features.user.42', '{"age":7}', '--count', '3']);
    expect([code, stderr]).toEqual([0, '']);
    const messages = await arrived();
    expect(messages.map((frame) => [frame.subject, frame.sequence, frame.json()])).toEqual(
      [1, 2, 3].map((sequence) => ['features.user.42', sequence, { age: 7 }]),
    );
    expect(lines).toEqual(
      messages.map((frame) => `published features.user.42 #${frame.sequence} ${formatUuid(frame.id)}`),
    );
  });

  it('prints JSON lines with --json and nothing with --quiet', async () => {
    const { lines } = await pub(['a.b', '1', '-n', '2', '--json']);
    const answers = lines.map((line) => JSON.parse(line));
    expect(await pub(['a.b', '1', '--quiet'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const messages = await arrived();
    expect(answers).toEqual(
      messages
        .slice(0, 2)
        .map(({ subject, sequence, epoch, id }) => ({ subject, sequence, epoch, id: formatUuid(id) })),
    );
    expect(messages).toHaveLength(3);
  });

  it.each([
    [['{"id": 12345678901234567890}'], ContentType.json, '{"id": 12345678901234567890}'],
    [['42'], ContentType.json, '42'],
    [['hello'], ContentType.bytes, 'hello'],
    [['{age: 7}'], ContentType.bytes, '{age: 7}'],
    [['{"age":7}', '--raw'], ContentType.bytes, '{"age":7}'],
    [['abc', '--content-type', 'tensor'], ContentType.tensor, 'abc'],
    [['--', '-5'], ContentType.json, '-5'],
    [[], ContentType.bytes, ''],
  ])('sends %j byte for byte, as what it is', async (args, contentType, text) => {
    expect((await pub(['a', ...args])).code).toBe(0);
    const [frame] = await arrived();
    expect([frame!.contentType, frame!.text()]).toEqual([contentType, text]);
  });

  it('takes the payload from a file or standard input', async () => {
    const cwd = folder();
    const bytes = Uint8Array.from({ length: 3_000 }, (_, index) => index);
    writeFileSync(join(cwd, 'tensor.bin'), bytes);
    expect((await pub(['a', '--file', 'tensor.bin'], { cwd })).code).toBe(0);
    const piped = await run(['pub', 'a', '-f', '-', '--url', broker.url], { input: '{"age":\n7}' });
    expect(piped.code).toBe(0);
    const [file, input] = await arrived();
    expect(Buffer.from(file!.payload).equals(bytes)).toBe(true);
    expect(file!.contentType).toBe(ContentType.bytes);
    expect([input!.contentType, input!.text()]).toEqual([ContentType.json, '{"age":\n7}']);
  });

  it('sends headers, priority and ids', async () => {
    const uuid = '01a20995-6075-72f1-9bfe-e799ca99ea69';
    const ids = ['--correlation-id', uuid, '--causation-id', uuid.replaceAll('-', '')];
    const { code } = await pub(['a', '1', '-H', 'tenant=x', '--header', 'q=a=b', '--priority', '9', ...ids]);
    expect(code).toBe(0);
    const [frame] = await arrived();
    expect(frame!.headers).toEqual([
      ['tenant', 'x'],
      ['q', 'a=b'],
    ]);
    expect(frame!.priority).toBe(9);
    expect(formatUuid(frame!.correlationId!)).toBe(uuid);
    expect(formatUuid(frame!.causationId!)).toBe(uuid);
  });

  it('exits only when the broker has taken everything, also without acknowledgements', async () => {
    const { code, stdout } = await pub(['a', '1', '--count', '5000', '--no-ack']);
    expect([code, stdout]).toEqual([0, '']);
    expect(await arrived()).toHaveLength(5_000);
  });

  it('--print-config shows what it would use', async () => {
    const { code, stdout } = await pub(['--print-config', '--answer-ms', '2s']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).client).toMatchObject({
      url: { value: broker.url, origin: 'env', from: 'environment variable MODWIRE_URL' },
      answerMs: { value: 2_000, origin: 'flag' },
      connectMs: { value: 10_000, origin: 'default' },
    });
  });

  it('pauses between messages', async () => {
    expect((await pub(['a', '1', '--count', '3', '--interval', '1ms'])).lines).toHaveLength(3);
  });

  it.each([
    [['a..b', '1'], 'not a subject'],
    [['a.*', '1'], 'got the wildcard *'],
    [['a', '1', '2'], 'too many arguments'],
    [['a', '1', '--count', '0'], '--count is not valid: expected a whole number from 1'],
    [['a', '1', '--interval', 'soon'], '--interval is not valid: expected a duration'],
    [['a', '1', '--header', 'x'], '--header is not valid: expected NAME=VALUE, got "x"'],
    [['a', '1', '--correlation-id', '42'], '--correlation-id is not valid: expected a UUID'],
    [['a', '1', '--priority', '256'], '--priority is not valid'],
    [['a', '1', '--content-type', 'xml'], 'expected one of bytes, json, flatbuffer, tensor, got "xml"'],
    [['a', '{', '--content-type', 'json'], 'the payload is not JSON'],
    [['a', '1', '--raw', '--content-type', 'json'], 'flags contradict each other'],
    [['a', '1', '--ack', '--no-ack'], 'flags contradict each other'],
    [['a', '1', '--file', 'x'], 'two payloads'],
    [
      ['a', '1', '--url', 'http://localhost'],
      'url is not valid: expected ws://HOST:PORT or wss://HOST:PORT, got "http://localhost" (from flag --url)',
    ],
  ])('refuses %j: INVALID_ARGUMENT', async (args, message) => {
    const { code, stderr } = await pub(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(await arrived()).toHaveLength(0);
  });

  it('says that a file is not there: NOT_FOUND', async () => {
    expect(await pub(['a', '--file', '/no/such/file'])).toMatchObject({
      code: 22,
      stderr: 'modwire: NOT_FOUND: no such file (/no/such/file)\n',
    });
  });
});

describe('modwire pub to a broker that refuses', () => {
  it.each([[[]], [['--no-ack']]])('exits with the code of its error, with %j', async (flags) => {
    const { url } = await serveHere(['--max-subjects', '1']);
    expect((await runHere(['pub', 'first', '1', '--url', url])).code).toBe(0);
    const { code, stderr } = await runHere(['pub', 'second', '1', '--url', url, ...flags]);
    expect(code).toBe(25);
    expect(stderr).toMatch(/^modwire: RESOURCE_EXHAUSTED: no room for another subject.*\n$/);
  });

  it('says how much was acknowledged, and publishes no more', async () => {
    const { url } = await serveHere(['--max-frame-bytes', '1KiB']);
    const { code, stderr } = await runHere(['pub', 'a', 'x'.repeat(1_000), '--count', '5000', '--url', url]);
    expect(code).toBe(25);
    expect(stderr).toMatch(/RESOURCE_EXHAUSTED: frame too large: .*; 0 of 5000 messages were acknowledged/);
  });
});

describe('modwire pub without a broker', () => {
  it('says so: UNAVAILABLE', async () => {
    const { code, stderr } = await runHere(['pub', 'a', '1', '--url', 'ws://127.0.0.1:1']);
    expect(code).toBe(69);
    expect(stderr).toMatch(/^modwire: UNAVAILABLE: cannot connect: .*start one with: modwire serve\n$/);
  });

  it.each([[[]], [['--no-ack']]])('ends when it loses it, with %j', async (flags) => {
    const { process: victim, url } = await serve();
    const process = startHere([
      'pub',
      'a',
      '1',
      '--count',
      '1000000',
      '--interval',
      '1ms',
      '--url',
      url,
      ...flags,
    ]);
    const witness = await connect(url, { reconnect: false });
    await new Promise((resolve) => witness.subscribe('a', resolve));
    victim.child.kill('SIGKILL');
    expect((await process.exit).code).toBe(69);
    expect(process.stderr).toMatch(/^modwire: UNAVAILABLE: the connection was lost[^\n]*\n$/);
  });
});

describe('modwire pub after Ctrl-C', () => {
  it('waits for what is under way, and exits as CANCELLED', async () => {
    const process = start(['pub', 'a', '1', '--count', '1000000', '--interval', '1ms', '--url', broker.url]);
    await process.until('stdout', /#3 /);
    process.interrupt();
    expect((await process.exit).code).toBe(20);
    const { length } = process.lines;
    expect(process.stderr).toBe(
      `modwire: CANCELLED: interrupted; ${length} of 1000000 messages were acknowledged\n`,
    );
    expect(await arrived()).toHaveLength(length);
  });
});
