import type { ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { nextMessage, startChild } from '../../support/child.js';

const fixture = new BrokerFixture();
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe.each(TRANSPORTS)('a member of a group that is killed with -9, over %s', (transport) => {
  it('takes with it at most what it was handed; everything afterwards goes to the others, nothing twice', async () => {
    const broker = await fixture.broker(transport);
    const got = new Map<ChildProcess, number[]>();
    for (let index = 0; index < 3; index++) {
      const child = startChild('group-member.mjs', [broker.url, 'workers']);
      children.push(child);
      const own: number[] = [];
      got.set(child, own);
      child.on('message', (message: { got?: number }) => {
        if (message.got !== undefined) own.push(message.got);
      });
      await nextMessage(child, 'ready');
    }
    const publisher = await fixture.client(broker.url);
    const publish = async (count: number) => {
      for (let number = 0; number < count; number++) await publisher.publish('jobs', number, { ack: true });
    };
    const [victim, ...others] = [...got.keys()];
    await publish(300);
    victim!.kill('SIGKILL');
    await publish(300);
    await eventually('the broker knowing', () => broker.stats().sessions === 3);
    const known = broker.stats().frames;
    await publish(300);
    const survivors = () => others.flatMap((child) => got.get(child)!);
    const afterwards = () => survivors().filter((sequence) => sequence > known);
    await eventually('what was published afterwards', () => afterwards().length >= 300);

    expect(afterwards().toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 300 }, (_, at) => known + 1 + at),
    );
    const all = [...got.values()].flat();
    expect(new Set(all).size).toBe(all.length);
    // Of three members that keep up each is handed a third of what is published before its end is known.
    expect(known + 300 - all.length).toBeLessThanOrEqual(Math.ceil(known / 3));
  });
});
