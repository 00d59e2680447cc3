import { describe, expect, it } from 'vitest';
import { encodeControl } from '../../../src/codec/index.js';
import { ERRORS } from '../../../src/errors.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { frameOf, type RawClient } from '../../support/raw-client.js';

const fixture = new BrokerFixture();

const labels = (subject: string, first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `${subject}#${first + index}`);

const sequencesOf = (some: readonly string[]) => some.map((label) => Number(label.split('#')[1]));

const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

describe.each(TRANSPORTS)('groups of subscribers over %s', (transport) => {
  async function scene(clients: number, limits = {}) {
    const broker = await fixture.broker(transport, limits);
    const publisher = await fixture.raw(broker.url);
    const others = await Promise.all(Array.from({ length: clients }, () => fixture.raw(broker.url)));
    /** Publishes so many frames of a subject, and waits until all is where it belongs. */
    const publish = async (subject: string, count: number, fields = {}) => {
      publisher.send(...Array.from({ length: count }, () => frameOf(subject, fields)));
      await publisher.settle();
      await Promise.all(others.map((client) => client.settle()));
    };
    return { broker, publisher, clients: others as [RawClient, RawClient, RawClient], publish };
  }

  it('each message goes to one member, in turn, and in order for each; who is in no group gets all', async () => {
    const { clients, publish } = await scene(3);
    const [one, two, all] = clients;
    await one.subscribe(1, 'jobs.*', { group: 'workers' });
    await two.subscribe(1, 'jobs.*', { group: 'workers' });
    await all.subscribe(1, 'jobs.*');
    await publish('jobs.a', 10);
    expect(one.labelsOf(1)).toEqual([1, 3, 5, 7, 9].map((sequence) => `jobs.a#${sequence}`));
    expect(two.labelsOf(1)).toEqual([2, 4, 6, 8, 10].map((sequence) => `jobs.a#${sequence}`));
    expect(all.labelsOf(0)).toEqual(labels('jobs.a', 1, 10));
    for (const client of clients) expect(client.all('gap')).toEqual([]);
  });

  it('what selects a subject shares it, whatever the filter; groups of other names get their own', async () => {
    const { clients, publish } = await scene(3);
    const [one, two, other] = clients;
    await one.subscribe(1, 'jobs.>', { group: 'workers' });
    await two.subscribe(1, 'jobs.*.eu', { group: 'workers' });
    await other.subscribe(1, '>', { group: 'audit' });
    await publish('jobs.a.eu', 6);
    await publish('jobs.a', 3);
    expect(one.labelsOf(1)).toHaveLength(3 + 3);
    expect(two.labelsOf(1)).toHaveLength(3);
    expect(other.labelsOf(1)).toEqual([...labels('jobs.a.eu', 1, 6), ...labels('jobs.a', 1, 3)]);
  });

  it('subscriptions of one session are members each; beside them it gets everything that it also asked for', async () => {
    const { clients, publish } = await scene(1);
    const [client] = clients;
    await client.subscribe(1, 'a', { group: 'g' });
    await client.subscribe(2, 'a', { group: 'g' });
    await client.subscribe(3, 'a', { group: 'h' });
    await client.subscribe(4, 'a');
    await publish('a', 4);
    expect([client.labelsOf(1), client.labelsOf(2)]).toEqual([
      ['a#1', 'a#3'],
      ['a#2', 'a#4'],
    ]);
    expect(client.labelsOf(3)).toEqual(labels('a', 1, 4));
    expect(client.labelsOf(0)).toEqual(labels('a', 1, 4));
  });

  it('messages of a turn go to a member together, with one word before them', async () => {
    const { clients, publish } = await scene(2);
    const [one, two] = clients;
    await one.subscribe(1, '>', { group: 'g' });
    await two.subscribe(1, '>', { group: 'g' });
    const before = one.messageBytes.length;
    await publish('a', 100);
    expect(one.labelsOf(1)).toHaveLength(50);
    expect(one.all('share')).toHaveLength(1);
    expect(one.messageBytes.length - before).toBe(2);
  });

  it('a message that fills a buffer of its own comes with its word, in order', async () => {
    const { clients, publisher, publish } = await scene(1, { gatherBytes: 1024 });
    const [client] = clients;
    await client.subscribe(1, 'a', { group: 'g' });
    const sizes = [10, 600, 10, 5_000, 10, 300, 300, 300, 20_000];
    publisher.send(...sizes.map((size) => frameOf('a', { payload: new Uint8Array(size) })));
    await publish('a', 1);
    expect(client.labelsOf(1)).toEqual(labels('a', 1, sizes.length + 1));
    expect(client.frames.slice(0, sizes.length).map(({ payloadLength }) => payloadLength)).toEqual(sizes);
  });

  it('a subscription to a subject that exists is told of no positions, and of no loss when it is taken up again', async () => {
    const { clients, publish } = await scene(1);
    const [client] = clients;
    await publish('a', 5);
    const positions = [{ subject: 'a', epoch: 1, sequence: 2 }];
    const answer = await client.subscribe(1, 'a', { group: 'g', resume: true, complete: true, positions });
    expect(answer).toMatchObject({ positions: [], complete: false, missed: [] });
    await publish('a', 1);
    expect(client.labelsOf(1)).toEqual(['a#6']);
  });

  it('a member that leaves gets nothing after the answer, and the others get the rest', async () => {
    const { clients, publisher } = await scene(2);
    const [one, two] = clients;
    await one.subscribe(1, 'a', { group: 'g' });
    await two.subscribe(1, 'a', { group: 'g' });
    // In one message, so that the answer is made while messages for it are gathered.
    one.send(
      ...[1, 2, 3, 4].map(() => frameOf('a')),
      encodeControl({ type: 'unsubscribe', subscription: 1 }),
      ...[5, 6, 7, 8].map(() => frameOf('a')),
    );
    await one.next('unsubscribed');
    await Promise.all([one.settle(), two.settle(), publisher.settle()]);
    expect(one.labelsOf(1)).toEqual(['a#1', 'a#3']);
    expect(
      one.received.findIndex((entry) => 'type' in entry && entry.type === 'unsubscribed'),
    ).toBeGreaterThan(one.received.indexOf(one.frames[1]!));
    expect(two.labelsOf(1)).toEqual(['a#2', 'a#4', 'a#5', 'a#6', 'a#7', 'a#8']);
  });

  it('a member that is gone gets nothing any more once the broker knows; nothing is for nobody', async () => {
    const { broker, clients, publish } = await scene(3);
    const [one, two, three] = clients;
    for (const client of clients) await client.subscribe(1, 'a', { group: 'g' });
    await publish('a', 3);
    const sessions = broker.stats().sessions;
    two.socket.terminate();
    await eventually('the member being gone', () => broker.stats().sessions === sessions - 1);
    clients.splice(1, 1);
    for (let round = 0; round < 20; round++) one.send(frameOf('a'));
    await one.settle();
    await three.settle();
    const got = [...one.labelsOf(1), ...two.labelsOf(1), ...three.labelsOf(1)];
    expect(ascending(sequencesOf(got))).toEqual(sequencesOf(labels('a', 1, 23)));
  });

  it('a subject costs nothing more once all members are gone, whichever way, and may be forgotten', async () => {
    const { broker, clients, publisher, publish } = await scene(2, { maxSubjects: 2, subjectIdleMs: 1 });
    const [one, two] = clients;
    await one.subscribe(1, 'a', { group: 'g' });
    await two.subscribe(1, 'b', { group: 'g' });
    await publish('a', 1);
    await publish('b', 1);
    // Both are shared: there is no room.
    await publish('c', 1);
    expect(publisher.all('failure')).toMatchObject([{ code: ERRORS.RESOURCE_EXHAUSTED.number }]);
    two.socket.terminate();
    await eventually('the member being gone', () => broker.stats().sessions === 2);
    clients.pop();
    await eventually('room for another subject', async () => {
      publisher.publish('c');
      await publisher.settle();
      return broker.stats().frames === 3;
    });
  });

  it('who joins again after all have left gets what comes from then on', async () => {
    const { broker, clients, publish } = await scene(2);
    const [one, two] = clients;
    await one.subscribe(1, 'a', { group: 'g' });
    await publish('a', 1);
    one.socket.terminate();
    await eventually('the member being gone', () => broker.stats().sessions === 2);
    clients.shift();
    await two.subscribe(1, '*', { group: 'g' });
    two.send(frameOf('a'));
    await two.settle();
    two.control({ type: 'unsubscribe', subscription: 1 });
    two.send(frameOf('a'));
    await two.settle();
    await two.subscribe(2, 'a', { group: 'g' });
    two.send(frameOf('a'));
    await two.settle();
    expect([two.labelsOf(1), two.labelsOf(2)]).toEqual([['a#2'], ['a#4']]);
    expect(two.all('gap')).toEqual([]);
  });

  it('messages over HTTP, and those that are acknowledged, are shared like others', async () => {
    const { broker, clients, publish } = await scene(2);
    const [one, two] = clients;
    await one.subscribe(1, 'a', { group: 'g' });
    await two.subscribe(1, 'a', { group: 'g' });
    const headers = { 'Content-Type': 'application/json' };
    const { status } = await ask(broker.port, '/v1/publish/a', { method: 'POST', headers, body: '1' });
    expect(status).toBe(200);
    await publish('a', 1, { flags: 1 });
    expect([one.labelsOf(1), two.labelsOf(1)]).toEqual([['a#1'], ['a#2']]);
  });

  it.each([
    ['longer than 256 characters', 'g'.repeat(257)],
    ['with a control character', 'a\nb'],
  ])('a name %s is refused with reference to the subscription', async (_, group) => {
    const { broker, clients } = await scene(1);
    const [client] = clients;
    const fields = { resume: false, complete: false, positions: [], reads: [], skipHistory: false };
    client.control({ type: 'subscribe', subscription: 7, filter: 'a', group, ...fields });
    const failure = await client.next('failure');
    expect(failure).toMatchObject({ code: ERRORS.INVALID_ARGUMENT.number, subscription: 7 });
    expect(broker.stats().subscriptions).toBe(0);
  });
});
