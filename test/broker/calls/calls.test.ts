import { describe, expect, it } from 'vitest';
import { Kind } from '../../../src/codec/generated/modwire/kind.js';
import { toHex } from '../../../src/codec/message-id.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();

async function scene(transport: TransportName) {
  const broker = await fixture.broker(transport);
  const worker = await fixture.raw(broker.url, { name: 'worker' });
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  return { broker, worker, caller };
}

describe.each(TRANSPORTS)('a request over %s', (transport) => {
  it('goes to a worker, with the attempt and the time left, and its reply back to the caller', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker);
    const id = calls.request(caller, 's', { payload: new Uint8Array(3), timeout: 1_000_000 });
    const asked = await calls.nextHanded(worker);
    expect([asked.kind, asked.sequence, asked.payloadLength, toHex(asked.id)]).toEqual([
      ...[Kind.request, 1, 3, toHex(id)],
    ]);
    expect(asked.epoch).toBeGreaterThan(0);
    expect(asked.epoch).toBeLessThanOrEqual(1_000_000);
    calls.reply(worker, asked, { payload: new Uint8Array(5) });
    expect(await calls.endOf(caller, id)).toBe('reply');
    expect(calls.answersTo(caller, id)).toMatchObject([{ subject: 's', sequence: 1, payloadLength: 5 }]);
    expect(broker.stats().calls).toMatchObject({ open: 0, requests: 1, failed: 0, late: 0, workers: 1 });
  });

  it('that a worker answers with an error ends with it, code, text and payload', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    const id = calls.request(caller);
    calls.fail(worker, await calls.nextHanded(worker), 'NOT_FOUND', 'no such model');
    expect(await calls.endOf(caller, id)).toBe('NOT_FOUND');
    expect(calls.messageOf(caller, id)).toBe('no such model');
  });

  it('on a subject that nobody serves is answered with NO_RESPONDERS at once', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker, { subject: 'a.*' });
    const id = calls.request(caller, 'b.c');
    await caller.settle();
    expect(calls.endsOf(caller, id)).toEqual(['NO_RESPONDERS']);
    expect(broker.stats().calls).toMatchObject({ open: 0, requests: 1, failed: 1 });
  });

  it('on a reserved subject is refused, for whoever serves it', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker, { subject: '$secret.>' });
    const id = calls.request(caller, '$secret.a');
    expect(await calls.endOf(caller, id)).toBe('PERMISSION_DENIED');
    await worker.settle();
    expect(worker.frames).toEqual([]);
  });

  it('is answered with a stream, in order and numbered, and with its end', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    const id = calls.request(caller);
    const asked = await calls.nextHanded(worker);
    for (let size = 1; size <= 50; size++) {
      calls.replyPart(worker, asked, { payload: new Uint8Array(size) });
    }
    await worker.settle();
    expect(calls.endsOf(caller, id)).toEqual([]);
    calls.reply(worker, asked);
    expect(await calls.endOf(caller, id)).toBe('reply');
    const answers = calls.answersTo(caller, id);
    expect(answers.map(({ payloadLength }) => payloadLength)).toEqual([
      ...Array.from({ length: 50 }, (_, index) => index + 1),
      0,
    ]);
    expect(answers.map(({ sequence }) => sequence)).toEqual(answers.map((_, index) => index + 1));
  });

  it('goes to the group with the most specific filter, and to the next when nobody is left there', async () => {
    const { broker, worker: wide, caller } = await scene(transport);
    await calls.serve(wide, { subject: 'models.>' });
    const narrow = await fixture.raw(broker.url);
    await calls.serve(narrow, { subject: 'models.a' });
    calls.request(caller, 'models.a');
    calls.request(caller, 'models.b');
    expect((await calls.nextHanded(narrow)).subject).toBe('models.a');
    expect((await calls.nextHanded(wide)).subject).toBe('models.b');
    calls.reply(wide, calls.handed(wide)[0]!);
    const waiting = calls.request(caller, 'models.a');
    await caller.settle();
    narrow.control({ type: 'unserve', service: 1 });
    const moved = await calls.nextHanded(wide, 2);
    expect(toHex(moved.id)).toBe(toHex(waiting));
  });

  it('may be made by the session that serves it', async () => {
    const { broker, worker } = await scene(transport);
    await calls.serve(worker);
    const id = calls.request(worker);
    calls.reply(worker, await calls.nextHanded(worker));
    expect(await calls.endOf(worker, id)).toBe('reply');
    calls.request(worker);
    await calls.nextHanded(worker, 2);
    await worker.close();
    await eventually('the worker forgotten', () => broker.stats().calls.workers === 0);
    await calls.noCallsLeft(broker);
  });
});

describe.each(TRANSPORTS)('answers over %s', (transport) => {
  it('of someone who does not have the request reach nobody, and count as late', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker);
    const stranger = await fixture.raw(broker.url, { name: 'stranger' });
    await calls.serve(stranger, { subject: 'other' });
    const id = calls.request(caller);
    const asked = await calls.nextHanded(worker);
    calls.reply(stranger, asked);
    calls.fail(stranger, asked);
    stranger.publish('s', { kind: Kind.reply });
    await stranger.settle();
    expect(calls.answersTo(caller, id)).toEqual([]);
    expect(broker.stats().calls).toMatchObject({ open: 1, late: 3 });
    calls.reply(worker, asked);
    expect(await calls.endOf(caller, id)).toBe('reply');
  });

  it('after the end reach nobody, and count as late', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker);
    const id = calls.request(caller);
    const asked = await calls.nextHanded(worker);
    calls.reply(worker, asked);
    calls.reply(worker, asked);
    calls.fail(worker, asked);
    calls.replyPart(worker, asked);
    await worker.settle();
    expect(await calls.endOf(caller, id)).toBe('reply');
    expect(calls.answersTo(caller, id)).toHaveLength(1);
    expect(broker.stats().calls).toMatchObject({ open: 0, lingering: 0, late: 3 });
  });

  it('leave an id free to be used again when its worker has ended the request, and not before', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker, { concurrency: 2 });
    const id = calls.newId();
    const send = () => caller.send(calls.requestOf('s', id));
    send();
    send();
    await caller.settle();
    expect(calls.endsOf(caller, id)).toEqual(['ALREADY_EXISTS']);
    calls.cancel(caller, id);
    send();
    await caller.settle();
    expect(calls.endsOf(caller, id)).toEqual(['ALREADY_EXISTS', 'ALREADY_EXISTS']);
    calls.fail(worker, calls.handed(worker)[0]!, 'CANCELLED');
    await worker.settle();
    send();
    calls.reply(worker, await calls.nextHanded(worker, 2));
    await worker.settle();
    await caller.settle();
    expect(calls.endsOf(caller, id)).toEqual(['ALREADY_EXISTS', 'ALREADY_EXISTS', 'reply']);
  });
});

describe.each(TRANSPORTS)('grants over %s', (transport) => {
  it('bound what a worker may send: one more ends the call, and its end still frees the worker', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker);
    const id = calls.request(caller);
    const asked = await calls.nextHanded(worker);
    for (let sent = 0; sent < 64; sent++) calls.replyPart(worker, asked);
    await worker.settle();
    expect(calls.endsOf(caller, id)).toEqual([]);
    calls.replyPart(worker, asked);
    expect(await calls.endOf(caller, id)).toBe('PROTOCOL_VIOLATION');
    expect(calls.startedOf(caller, id)).toBe('true');
    expect(calls.answersTo(caller, id)).toHaveLength(65);
    await worker.settle();
    expect(calls.cancelled(worker)).toEqual([toHex(id)]);
    expect(broker.stats().calls).toMatchObject({ open: 0, lingering: 1 });
    calls.reply(worker, asked);
    await worker.settle();
    await calls.noCallsLeft(broker);
  });

  it('leave room for the end of a stream that used all of them', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    const id = calls.request(caller);
    const asked = await calls.nextHanded(worker);
    for (let sent = 0; sent < 64; sent++) calls.replyPart(worker, asked);
    calls.reply(worker, asked, { payload: new Uint8Array(1) });
    expect(await calls.endOf(caller, id)).toBe('reply');
    expect(calls.answersTo(caller, id)).toHaveLength(65);
  });

  it('reach the worker behind the request, also when they came before it was handed over', async () => {
    const { worker, caller } = await scene(transport);
    await calls.serve(worker);
    const first = calls.request(caller);
    const second = calls.request(caller);
    caller.control({ type: 'grant', request: first, replies: 100 });
    caller.control({ type: 'grant', request: second, replies: 200 });
    caller.control({ type: 'grant', request: second, replies: 150 });
    await caller.settle();
    calls.reply(worker, await calls.nextHanded(worker));
    await calls.nextHanded(worker, 2);
    await worker.settle();
    const grants = worker.all('grant').map(({ request, replies }) => [toHex(request), replies]);
    expect(grants).toEqual([
      [toHex(first), 100],
      [toHex(second), 200],
    ]);
    const grantOf = worker.received.findIndex((one) => 'replies' in one && one.replies === 100);
    expect(worker.received.indexOf(calls.handed(worker)[0]!)).toBeLessThan(grantOf);
  });

  it('of others than the caller are ignored', async () => {
    const { broker, worker, caller } = await scene(transport);
    await calls.serve(worker);
    const stranger = await fixture.raw(broker.url);
    const id = calls.request(caller);
    await calls.nextHanded(worker);
    stranger.control({ type: 'grant', request: id, replies: 100 });
    await stranger.settle();
    calls.cancel(stranger, id);
    await stranger.settle();
    await worker.settle();
    expect(worker.all('grant')).toEqual([]);
    expect(calls.cancelled(worker)).toEqual([]);
    calls.reply(worker, calls.handed(worker)[0]!);
    expect(await calls.endOf(caller, id)).toBe('reply');
  });
});
