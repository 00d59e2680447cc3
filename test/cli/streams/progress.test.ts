import { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { StreamsApi } from '../../../src/cli/http/streams-api.js';
import { Output } from '../../../src/cli/output/output.js';
import { exportStream } from '../../../src/cli/streams/export-stream.js';
import { Progress, percentOf } from '../../../src/cli/streams/progress.js';
import { verifyThere } from '../../../src/cli/streams/verified-stream.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { cleanUp, folder } from '../cli-process.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

describe('how far something is', () => {
  it.each([
    [1, 1, 200, '0 %'],
    [100, 1, 200, '50 %'],
    [199, 1, 200, '99 %'],
    [200, 1, 200, '100 %'],
    // What a file was to end with may be gone by now, and a stream may be empty.
    [250, 1, 200, '100 %'],
    [0, 1, 0, '100 %'],
  ])('at offset %d of %d to %d is %s', (offset, from, to, text) => {
    expect(percentOf(offset, from, to)).toBe(text);
  });

  it('is shown on a terminal, in the singular of one record, and taken away', async () => {
    const broker = await fixture.broker('ws');
    await broker.streams.create({ name: 'kept', filters: ['kept.>'], storage: 'memory' });
    const client = await fixture.client(broker.url);
    await client.publish('kept.a', 1, { ack: true });
    const shown: string[] = [];
    const write = (chunk: Buffer, _: unknown, done: () => void) => {
      shown.push(chunk.toString());
      done();
    };
    const stream = Object.assign(new Writable({ write }), { isTTY: true });
    const output = new Output(stream as unknown as NodeJS.WriteStream, {});
    const { signal } = new AbortController();
    const api = new StreamsApi(broker.url, 5_000, signal);
    const terminal = { stdin: Readable.from([]), stdout: output, stderr: output, env: {}, cwd: folder() };
    const range = { from: undefined, to: undefined, filter: undefined };
    await exportStream(api, 'kept', range, 'kept.mwf', { ...terminal, whenInterrupted: () => signal });
    const progress = new Progress(output);
    await verifyThere(api, 'kept', progress);
    progress.end();
    // What comes before the text begins the line anew.
    expect(shown.map((text) => text.slice('\r\u001b[2K'.length))).toEqual([
      expect.stringMatching(/^exported 1 record, \d+ B, 100 %$/),
      '',
      expect.stringMatching(/^kept: 1 record, \d+ B, 100 %$/),
      '',
    ]);
  });
});
