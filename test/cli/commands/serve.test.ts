import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { connect } from '../../../src/index.js';
import { DEFAULT_LIMITS, LIMIT_NAMES } from '../../../src/limits.js';
import { ask, HANDSHAKE } from '../../support/broker-http.js';
import { TRANSPORTS } from '../../support/transports.js';
import { serve } from '../cli-process.js';
import { cleanUp, folder } from '../cli-run.js';
import { runHere, serveHere } from '../run-here.js';
import { stubbornClient } from '../stubborn-client.js';

afterEach(cleanUp);

function get(port: number, path: string, agent?: http.Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, path, host: '127.0.0.1', ...(agent === undefined ? {} : { agent }) });
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
  });
}

describe.each(TRANSPORTS)('modwire serve on the transport %s', (transport) => {
  const serving = (...args: string[]) => serveHere(['--transport', transport, ...args]);
  /** The same in a process of its own. */
  const servingApart = (...args: string[]) => serve(['--transport', transport, ...args]);

  it('prints where it listens, on a port that it picked, and nothing else; SIGTERM ends it with 0', async () => {
    const one = await servingApart();
    const other = await serving();
    expect(one.port).not.toBe(other.port);
    const client = await connect(one.url);
    await client.publish('a', 1, { ack: true });
    await client.close();
    one.process.child.kill('SIGTERM');
    expect(await one.process.exit).toEqual({ code: 0, signal: null });
    expect(one.process.stdout).toBe(`listening ws://127.0.0.1:${one.port}\n`);
    expect(one.process.errors.at(-1)).toBe('stopped');
  });

  it('answers health checks', async () => {
    const { port } = await serving();
    expect(await get(port, '/healthz')).toEqual({ status: 200, body: '{"status":"ok"}\n' });
    expect(await get(port, '/readyz')).toEqual({ status: 200, body: '{"status":"ok"}\n' });
    expect((await get(port, '/nothing')).status).toBe(404);
  });

  it('uses the limits that it was given', async () => {
    const { url } = await serving('--max-frame-bytes', '1KiB');
    const client = await connect(url);
    const refused = client.publish('a', new Uint8Array(1_000), { ack: true });
    await expect(refused).rejects.toThrow('maxFrameBytes = 1024');
    await client.close();
  });

  it('waits for clients no longer than drainMs', async () => {
    const { process, url } = await serving('--drain-ms', '100ms');
    await stubbornClient(url);
    process.interrupt();
    expect((await process.exit).code).toBe(0);
    expect(process.errors).toEqual(['draining: 1 session, at most 100ms', 'stopped']);
  });

  it('ends at once when it is told twice', async () => {
    const { process, url } = await servingApart('--drain-ms', '10m');
    await stubbornClient(url);
    process.interrupt();
    await process.until('stderr', /^draining: 1 session, at most 10m$/);
    // What follows at once counts as the same Ctrl-C, so it is pressed until it is obeyed.
    const pressing = setInterval(() => process.interrupt(), 50);
    expect(await process.exit).toEqual({ code: null, signal: 'SIGINT' });
    clearInterval(pressing);
  });

  it('refuses a port that is taken: UNAVAILABLE', async () => {
    const { port } = await serving();
    const { code, stdout, stderr } = await runHere([
      'serve',
      '--transport',
      transport,
      '--port',
      String(port),
    ]);
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(/^modwire: UNAVAILABLE: cannot listen: .*\n$/);
  });

  it('does not wait for an HTTP connection that is kept open', async () => {
    const { process, port } = await servingApart();
    const agent = new http.Agent({ keepAlive: true });
    await get(port, '/healthz', agent);
    process.child.kill('SIGTERM');
    expect(await process.exit).toEqual({ code: 0, signal: null });
    agent.destroy();
  });
});

describe('modwire serve', () => {
  // `ws` closes idle HTTP connections when it stops listening: nobody is left to ask.
  it.runIf(TRANSPORTS.includes('uws'))('is not ready while it drains', async () => {
    const { process, url, port } = await serveHere(['--drain-ms', '10m', '--transport', 'uws']);
    const socket = await stubbornClient(url);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    await get(port, '/readyz', agent);
    process.interrupt();
    await process.until('stderr', /^draining/);
    // Over the connection that is there: new ones are not taken.
    expect((await get(port, '/readyz', agent)).status).toBe(503);
    expect((await get(port, '/healthz', agent)).status).toBe(200);
    await expect(get(port, '/readyz')).rejects.toThrow('ECONNREFUSED');
    socket.close();
    agent.destroy();
    expect((await process.exit).code).toBe(0);
  });

  it('--print-config shows the value and origin of every setting', async () => {
    const cwd = folder({ name: 'file', port: 1, limits: { stallMs: '2s', maxFrameBytes: 300 } });
    const env = { MODWIRE_PORT: '2', MODWIRE_MAX_FRAME_BYTES: '1KiB' };
    const { code, stdout } = await runHere(['serve', '--print-config', '--max-frame-bytes', '2KiB'], {
      cwd,
      env,
    });
    expect(code).toBe(0);
    const { limits, ...config } = JSON.parse(stdout);
    expect(config).toEqual({
      configFile: 'modwire.config.json',
      host: { value: '127.0.0.1', origin: 'default' },
      port: { value: 2, origin: 'env', from: 'environment variable MODWIRE_PORT' },
      name: { value: 'file', origin: 'file', from: 'modwire.config.json, key name' },
      transport: { value: 'auto', origin: 'default' },
      slowConsumerPolicy: { value: 'resume', origin: 'default' },
      dataDir: { value: '', origin: 'default' },
      requireContracts: { value: false, origin: 'default' },
      quarantine: { value: false, origin: 'default' },
      allowedOrigins: { value: [], origin: 'default' },
    });
    const { maxFrameBytes, stallMs, ...others } = limits;
    expect(maxFrameBytes).toEqual({ value: 2048, origin: 'flag', from: 'flag --max-frame-bytes' });
    expect(stallMs).toEqual({ value: 2000, origin: 'file', from: 'modwire.config.json, key limits.stallMs' });
    for (const [name, setting] of Object.entries(others)) {
      expect(setting).toEqual({
        value: DEFAULT_LIMITS[name as keyof typeof DEFAULT_LIMITS],
        origin: 'default',
      });
    }
    expect(Object.keys(limits)).toEqual(LIMIT_NAMES);
  });

  it.each([
    [
      ['--port', '70000'],
      {},
      'port is not valid: expected a whole number from 0 to 65535, got "70000" (from flag --port)',
    ],
    [[], { MODWIRE_STALL_MS: '1x' }, 'got "1x" (from environment variable MODWIRE_STALL_MS)'],
    [
      ['--allowed-origins', 'https://a.example,b.example'],
      {},
      'allowedOrigins is not valid: expected SCHEME://HOST[:PORT] or *, with commas between several, got "https://a.example,b.example"',
    ],
    [['--transport', 'tcp'], {}, 'expected one of auto, uws, ws, got "tcp"'],
    [
      ['--slow-consumer-bytes', '64KiB'],
      { MODWIRE_CONGESTED_BYTES: '128KiB' },
      'slowConsumerBytes from flag --slow-consumer-bytes',
    ],
    [
      ['--slow-consumer-bytes', '64KiB'],
      { MODWIRE_CONGESTED_BYTES: '128KiB' },
      'variable MODWIRE_CONGESTED_BYTES',
    ],
  ])('%j with %j is refused with the place of the value', async (args, env, message) => {
    const { code, stderr } = await runHere(['serve', ...args], { env });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it.each([
    ['the file', { allowedOrigins: ['https://a.example', 'https://b.example'] }, {}, []],
    ['the environment', undefined, { MODWIRE_ALLOWED_ORIGINS: 'https://a.example, https://b.example' }, []],
    ['a flag', undefined, {}, ['--allowed-origins', 'https://a.example,https://b.example']],
  ] as const)('takes the pages that may connect from %s', async (_, config, env, args) => {
    const { port } = await serveHere(args, { cwd: folder(config), env });
    const statusFor = async (Origin: string) =>
      (await ask(port, '/', { headers: { ...HANDSHAKE, Origin } })).status;
    const origins = ['https://a.example', 'https://b.example', 'https://c.example'];
    expect(await Promise.all(origins.map(statusFor))).toEqual([101, 101, 403]);
  });

  it('refuses a configuration file that is not valid, and one that is not there', async () => {
    const cwd = folder({ limits: { maxFrameByte: 1 } });
    expect(await runHere(['serve'], { cwd })).toMatchObject({
      code: 2,
      stderr:
        'modwire: INVALID_ARGUMENT: unknown key "limits.maxFrameByte" (in modwire.config.json); did you mean limits.maxFrameBytes?\n',
    });
    expect(await runHere(['serve', '--config', 'other.json'], { cwd })).toMatchObject({ code: 22 });
  });

  it('warns of variables that look like settings', async () => {
    const { stderr } = await runHere(['serve', '--print-config'], { env: { MODWIRE_DRAIN_M: '1s' } });
    expect(stderr).toBe(
      'warning: environment variable MODWIRE_DRAIN_M is not read; did you mean MODWIRE_DRAIN_MS?\n',
    );
  });

  it('tells of what it refused, but not endlessly', async () => {
    const { process, url } = await serveHere(['--max-violations', '1000000']);
    const socket = await stubbornClient(url);
    // Frames of 16 bytes: they end where they should, and hold nothing.
    const broken = Buffer.from('0c000000040000004d43503100000000', 'hex');
    for (let count = 0; count < 200; count++) socket.send(broken);
    await process.until('stderr', /^warning: session 1 refused: MALFORMED_FRAME: not a frame/);
    process.interrupt();
    socket.close();
    await process.exit;
    const warnings = process.errors.filter((line) => line.startsWith('warning:'));
    expect(warnings.length).toBeLessThan(150);
  });
});
