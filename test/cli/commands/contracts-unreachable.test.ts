import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { cleanUp, folder } from '../cli-process.js';
import { contractsHere } from '../contracts-broker.js';
import { runHere } from '../run-here.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

describe('modwire contracts without a broker', () => {
  const args: readonly (readonly string[])[] = [
    ['list'],
    ['show', 'orders'],
    ['register', 'orders', 'v1.fbs'],
    ['check', '--contract', 'orders', 'v1.fbs'],
    ['diff', 'orders@1', 'v1.fbs'],
    ['bind', 'orders.>', 'orders'],
    ['unbind', 'orders.>'],
    ['level', 'orders', 'FULL'],
    ['delete', 'orders@1'],
    ['restore', 'orders@1'],
  ];

  it.each(args)('is UNAVAILABLE when none is there: %s', async (...words: string[]) => {
    const { cwd } = await contractsHere(fixture);
    const { code, stdout, stderr } = await runHere(['contracts', ...words, '--url', 'ws://127.0.0.1:1'], {
      cwd,
    });
    expect([code, stdout]).toEqual([ERRORS.UNAVAILABLE.exitCode, '']);
    expect(stderr).toMatch(/^modwire: UNAVAILABLE: cannot reach the broker: got .*ECONNREFUSED[^\n]*\n$/);
    expect(stderr).toContain('start one with modwire serve, or say where it is with --url or MODWIRE_URL');
  });

  it('says that something else answers there', async () => {
    const server = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
    fixture.closing({ close: async () => server.close() });
    await new Promise((resolve) => server.on('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `ws://127.0.0.1:${port}`;
    const { code, stderr } = await runHere(['contracts', 'list', '--url', url], { cwd: folder() });
    expect(code).toBe(ERRORS.UNAVAILABLE.exitCode);
    expect(stderr).toContain('what answers there is no broker: expected JSON, got HTTP status 200');
  });

  it('gives up after answerMs', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    fixture.closing({ close: async () => server.close().closeAllConnections() });
    await new Promise((resolve) => server.on('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const flags = ['--url', `ws://127.0.0.1:${port}`, '--answer-ms', '50ms'];
    const { code, stderr } = await runHere(['contracts', 'list', ...flags], { cwd: folder() });
    expect(code).toBe(ERRORS.DEADLINE_EXCEEDED.exitCode);
    expect(stderr).toContain('within answerMs = 50 ms');
  });

  it('prints its settings when asked, and asks nobody', async () => {
    const flags = ['--url', 'ws://127.0.0.1:1', '--print-config'];
    const { code, stdout } = await runHere(['contracts', 'list', ...flags], { cwd: folder() });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      client: { url: { value: 'ws://127.0.0.1:1', origin: 'flag' } },
    });
  });
});
