import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/index.js';
import { FrameVerifier } from '../../../src/codec/frame-verifier.js';
import { FrameView } from '../../../src/codec/frame-view.js';
import { Kind } from '../../../src/codec/generated/modwire/kind.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();

/** What a stream has, as `kind subject text`. */
function recorded(broker: Broker, stream: string): string[] {
  const log = broker.streams.logOf(stream);
  const verifier = new FrameVerifier();
  const frame = new FrameView();
  const labels: string[] = [];
  for (let from = 1, block = log.read(from); block !== undefined; block = log.read(from)) {
    block.starts.forEach((start, index) => {
      verifier.verify(block!.memory, start, block!.ends[index]!, frame);
      labels.push(`${Kind[frame.kind]} ${frame.subject} ${frame.text()}`);
    });
    from = block.nextOffset;
  }
  return labels;
}

describe.each(TRANSPORTS)('a stream that records calls over %s', (transport) => {
  async function scene(kinds: readonly string[]) {
    const broker = await fixture.broker(transport);
    await broker.streams.create({ name: 'calls', filters: ['score.>'], kinds, storage: 'memory' });
    const worker = await fixture.client(broker.url);
    worker.on('error', () => undefined);
    await worker.serve('score.*', ({ frame }) => {
      if (frame.text() === '"fail"') throw new Error('no');
      return { scored: frame.json() };
    });
    const caller = await fixture.client(broker.url);
    return { broker, caller };
  }

  it('has requests and what they were answered, errors too, and nothing of other subjects', async () => {
    const { broker, caller } = await scene(['request', 'reply']);
    const before = Date.now();
    await caller.request('score.a', 1);
    await expect(caller.request('score.a', 'fail')).rejects.toThrow();
    await caller.publish('score.a', 'a message', { ack: true });
    await eventually('four records', () => broker.streams.get('calls').info.records === 4);
    const labels = recorded(broker, 'calls');
    expect(labels.slice(0, 3)).toEqual([
      'request score.a 1',
      'reply score.a {"scored":1}',
      'request score.a "fail"',
    ]);
    expect(labels[3]).toMatch(/^error score\.a /);
    const { oldestMicros } = broker.streams.get('calls').info;
    expect(oldestMicros! / 1000).toBeGreaterThanOrEqual(before - 1);
  });

  it('has requests alone when that is asked for', async () => {
    const { broker, caller } = await scene(['request']);
    await caller.request('score.a', 1);
    await caller.request('score.b', 2);
    await eventually('two records', () => broker.streams.get('calls').info.records === 2);
    expect(recorded(broker, 'calls')).toEqual(['request score.a 1', 'request score.b 2']);
  });
});
