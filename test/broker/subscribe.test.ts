import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../src/errors.js';
import { BrokerFixture, TRANSPORTS } from '../support/broker-fixture.js';
import { frameOf, type RawClient } from '../support/raw-client.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('subscribing over %s', (transport) => {
  async function pair(
    limits = {},
  ): Promise<{ subscriber: RawClient; publisher: RawClient; stats: () => unknown }> {
    const broker = await fixture.broker(transport, limits);
    const subscriber = await fixture.raw(broker.url);
    const publisher = await fixture.raw(broker.url);
    return { subscriber, publisher, stats: () => broker.stats() };
  }

  /** Publishes one frame to each subject and waits until they have come to the subscriber. */
  async function publishTo(
    publisher: RawClient,
    subscriber: RawClient,
    ...subjects: string[]
  ): Promise<void> {
    publisher.send(...subjects.map((subject) => frameOf(subject)));
    await publisher.settle();
    await subscriber.settle();
  }

  it('says where the subjects of the filter stand, and everything later follows on', async () => {
    const { subscriber, publisher } = await pair();
    await publishTo(publisher, subscriber, 'a.x', 'a.x', 'a.y', 'b.x');
    const answer = await subscriber.subscribe(1, 'a.*');
    expect(answer).toMatchObject({ subscription: 1, complete: true, missed: [] });
    expect(answer.positions.map(({ subject, sequence }) => [subject, sequence]).sort()).toEqual([
      ['a.x', 2],
      ['a.y', 1],
    ]);
    await publishTo(publisher, subscriber, 'a.x', 'b.x', 'a.y');
    expect(subscriber.labels).toEqual(['a.x#3', 'a.y#2']);
    expect(subscriber.frames[0]!.epoch).toBe(
      answer.positions.find(({ subject }) => subject === 'a.x')!.epoch,
    );
  });

  it.each([
    ['a.b', ['a.b']],
    ['a.*', ['a.b', 'a.c']],
    ['*.b', ['a.b', 'x.b']],
    ['a.>', ['a.b', 'a.c', 'a.b.c']],
    ['*.*.*', ['a.b.c']],
    ['>', ['a', 'a.b', 'a.c', 'x.b', 'a.b.c']],
    ['nobody', []],
  ])('the filter %s selects %j, whether they are there before or appear later', async (filter, expected) => {
    const subjects = ['a', 'a.b', 'a.c', 'x.b', 'a.b.c'];
    const { subscriber, publisher } = await pair();
    await subscriber.subscribe(1, filter);
    await publishTo(publisher, subscriber, ...subjects);
    expect(subscriber.labels).toEqual(expected.map((subject) => `${subject}#1`));
    const late = publisher;
    const before = late.frames.length;
    await late.subscribe(1, filter);
    await publishTo(publisher, late, ...subjects);
    expect(late.labels.slice(before)).toEqual(expected.map((subject) => `${subject}#2`));
  });

  it('overlapping filters deliver a frame once', async () => {
    const { subscriber, publisher } = await pair();
    for (const [index, filter] of ['a.b', 'a.*', '>', 'a.b'].entries()) {
      await subscriber.subscribe(index + 1, filter);
    }
    await publishTo(publisher, subscriber, 'a.b', 'a.b', 'c');
    expect(subscriber.labels).toEqual(['a.b#1', 'a.b#2', 'c#1']);
  });

  it('ending one of overlapping subscriptions keeps what the others select', async () => {
    const { subscriber, publisher } = await pair();
    await subscriber.subscribe(1, 'a.*');
    await subscriber.subscribe(2, 'a.b');
    await publishTo(publisher, subscriber, 'a.b', 'a.c');
    subscriber.control({ type: 'unsubscribe', subscription: 1 });
    await subscriber.next('unsubscribed', ({ subscription }) => subscription === 1);
    await publishTo(publisher, subscriber, 'a.b', 'a.c');
    subscriber.control({ type: 'unsubscribe', subscription: 2 });
    await subscriber.next('unsubscribed', ({ subscription }) => subscription === 2);
    await publishTo(publisher, subscriber, 'a.b', 'a.c');
    expect(subscriber.labels).toEqual(['a.b#1', 'a.c#1', 'a.b#2']);
  });

  it('the same filter twice is two subscriptions', async () => {
    const { subscriber, publisher, stats } = await pair();
    await subscriber.subscribe(1, 'a');
    await subscriber.subscribe(2, 'a');
    expect(stats()).toMatchObject({ subscriptions: 2 });
    subscriber.control({ type: 'unsubscribe', subscription: 1 });
    await publishTo(publisher, subscriber, 'a');
    expect(subscriber.labels).toEqual(['a#1']);
    expect(stats()).toMatchObject({ subscriptions: 1 });
  });

  it('a publisher receives its own frames like anybody else', async () => {
    const { publisher } = await pair();
    await publisher.subscribe(1, 'a');
    await publishTo(publisher, publisher, 'a');
    expect(publisher.labels).toEqual(['a#1']);
  });

  it.each([
    ['a filter that is none', { filter: 'a..b' }, ERRORS.INVALID_ARGUMENT],
    ['a tail before the end', { filter: '>.a' }, ERRORS.INVALID_ARGUMENT],
    ['a number that is in use', { filter: 'b' }, ERRORS.ALREADY_EXISTS],
  ])('refuses %s with reference to its number', async (_, { filter }, error) => {
    const { subscriber, stats } = await pair();
    await subscriber.subscribe(7, 'a');
    const subscription = filter === 'b' ? 7 : 8;
    subscriber.control({
      type: 'subscribe',
      subscription,
      filter,
      resume: false,
      complete: false,
      positions: [],
      reads: [],
      group: '',
      skipHistory: false,
    });
    await subscriber.settle();
    expect(subscriber.all('failure')).toMatchObject([{ code: error.number, subscription }]);
    expect(stats()).toMatchObject({ subscriptions: 1 });
  });

  it('refuses the number 0, which stands for none', async () => {
    const { subscriber, stats } = await pair();
    const message = {
      subscription: 0,
      filter: 'a',
      resume: false,
      complete: false,
      positions: [],
      reads: [],
      group: '',
      skipHistory: false,
    };
    subscriber.control({ type: 'subscribe', ...message });
    await subscriber.settle();
    expect(subscriber.all('failure')).toMatchObject([{ code: ERRORS.INVALID_ARGUMENT.number }]);
    expect(stats()).toMatchObject({ subscriptions: 0 });
  });

  it('refuses more than maxSubscriptions, and has room again after one has ended', async () => {
    const { subscriber } = await pair({ maxSubscriptions: 2 });
    await subscriber.subscribe(1, 'a');
    await subscriber.subscribe(2, 'b');
    const third = {
      subscription: 3,
      filter: 'c',
      resume: false,
      complete: false,
      positions: [],
      reads: [],
      group: '',
      skipHistory: false,
    };
    subscriber.control({ type: 'subscribe', ...third });
    const failure = await subscriber.next('failure');
    expect(failure).toMatchObject({ code: ERRORS.RESOURCE_EXHAUSTED.number, subscription: 3 });
    expect(failure.message).toMatch(/maxSubscriptions = 2/);
    subscriber.control({ type: 'unsubscribe', subscription: 1 });
    await subscriber.subscribe(3, 'c');
  });

  it('refuses to end what is not there', async () => {
    const { subscriber } = await pair();
    subscriber.control({ type: 'unsubscribe', subscription: 5 });
    const failure = await subscriber.next('failure');
    expect(failure).toMatchObject({ code: ERRORS.NOT_FOUND.number, subscription: 5 });
  });

  it('says when there are more subjects than it may list', async () => {
    const { subscriber, publisher } = await pair({ maxListed: 2 });
    await publishTo(publisher, subscriber, 'a', 'b', 'c');
    const answer = await subscriber.subscribe(1, '>');
    expect(answer.complete).toBe(false);
    expect(answer.positions).toHaveLength(2);
    expect((await subscriber.subscribe(2, 'a')).complete).toBe(true);
  });
});

describe.each(TRANSPORTS)('taking a subscription up again over %s', (transport) => {
  /** Subjects a and b with five frames each, and c, which the client never saw, with two. */
  async function history(limits = {}) {
    const broker = await fixture.broker(transport, limits);
    const client = await fixture.raw(broker.url);
    const subjects = [...Array(5).fill('a'), ...Array(5).fill('b'), 'c', 'c'] as string[];
    client.send(...subjects.map((subject) => frameOf(subject)));
    const epochs: Record<string, number> = {};
    for (const [index, subject] of ['a', 'b', 'c'].entries()) {
      const { positions } = await client.subscribe(90 + index, subject);
      epochs[subject] = positions[0]!.epoch;
    }
    return { client, epochs };
  }

  it('lists exactly what was missed', async () => {
    const { client, epochs } = await history();
    const positions = [
      { subject: 'a', epoch: epochs.a!, sequence: 3 },
      { subject: 'b', epoch: epochs.b!, sequence: 5 },
    ];
    const { missed } = await client.subscribe(1, '>', { resume: true, complete: true, positions });
    expect(missed).toEqual([
      { subject: 'a', epoch: epochs.a, first: 4, last: 5 },
      { subject: 'c', epoch: epochs.c, first: 1, last: 2 },
    ]);
  });

  it('says nothing of subjects that the client may know without saying so', async () => {
    const { client, epochs } = await history();
    const positions = [{ subject: 'a', epoch: epochs.a!, sequence: 5 }];
    const { missed } = await client.subscribe(1, '>', { resume: true, complete: false, positions });
    expect(missed).toEqual([]);
  });

  it('says that nobody knows the end of a count that is over', async () => {
    const { client, epochs } = await history();
    const positions = [
      { subject: 'a', epoch: 7, sequence: 3 },
      { subject: 'gone', epoch: 8, sequence: 4 },
    ];
    const { missed } = await client.subscribe(1, '>', { resume: true, complete: false, positions });
    expect(missed).toEqual([
      { subject: 'a', epoch: 7, first: 4, last: 0 },
      { subject: 'a', epoch: epochs.a, first: 1, last: 5 },
      { subject: 'gone', epoch: 8, first: 5, last: 0 },
    ]);
  });

  it('splits a list that is too long, in order', async () => {
    const { client, epochs } = await history({ maxListed: 1 });
    const positions = [{ subject: 'a', epoch: 7, sequence: 3 }];
    const { missed } = await client.subscribe(1, '>', { resume: true, complete: true, positions });
    const before = client.all('gap').map((gap) => gap.missed);
    expect(before.every((list) => list.length === 1)).toBe(true);
    expect([...before.flat(), ...missed]).toEqual([
      { subject: 'a', epoch: 7, first: 4, last: 0 },
      { subject: 'a', epoch: epochs.a, first: 1, last: 5 },
      { subject: 'b', epoch: epochs.b, first: 1, last: 5 },
      { subject: 'c', epoch: epochs.c, first: 1, last: 2 },
    ]);
    expect(client.received.at(-1)).toMatchObject({ type: 'subscribed' });
  });
});
