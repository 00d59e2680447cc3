import { describe, expect, it } from 'vitest';
import { ContentType } from '../../../src/codec/generated/modwire/content-type.js';
import { fromHex, toHex } from '../../../src/codec/message-id.js';
import type { Limits } from '../../../src/limits.js';
import type { FrameUse } from '../../../src/registry/contract-records.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import { bfbsOf, payloadOf } from '../../support/flatc.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();
const TEXT = 'table Node { name:string; children:[Node]; } root_type Node;';
/** Payloads from here on are verified by the pool. Bytes. */
const OFFLOAD_BYTES = 4096;

const small = await payloadOf(TEXT, { name: 'small' });
const large = await payloadOf(TEXT, { children: Array.from({ length: 400 }, () => ({ name: 'child' })) });
const huge = await payloadOf(TEXT, { children: Array.from({ length: 40_000 }, () => ({ name: 'child' })) });
const broken = (payload: Uint8Array) => payload.slice().fill(0xff, 0, 4);

/** A broker whose subjects `s` and `s.>` are bound for these uses. */
async function scene(
  transport: TransportName,
  uses: readonly FrameUse[],
  limits: Partial<Limits> = {},
  requireContracts = false,
) {
  const broker = await fixture.broker(
    transport,
    { offloadBytes: OFFLOAD_BYTES, ...limits },
    { requireContracts },
  );
  const { version } = await broker.registry.register({ contract: 'trees', bfbs: await bfbsOf(TEXT) });
  for (const use of uses) await broker.registry.bind({ pattern: 's', use, contract: 'trees' });
  const schemaId = fromHex(version.schemaId);
  const worker = await fixture.raw(broker.url, { name: 'worker' });
  const caller = await fixture.raw(broker.url, { name: 'caller' });
  const of = (payload: Uint8Array) => ({ payload, schemaId, contentType: ContentType.flatbuffer });
  return { broker, worker, caller, of };
}

describe.each(TRANSPORTS)('requests on a bound subject, over %s', (transport) => {
  it.each([
    ['without a schema', { payload: small }],
    ['that is no payload of the contract', undefined],
  ] as const)('are answered with CONTRACT_VIOLATION %s, and no worker gets them', async (_, fields) => {
    const { broker, worker, caller, of } = await scene(transport, ['request']);
    await calls.serve(worker);
    for (const bytes of [broken(small), broken(large)]) {
      const id = calls.request(caller, 's', fields ?? of(bytes));
      expect(await calls.endOf(caller, id)).toBe('CONTRACT_VIOLATION');
      expect(calls.startedOf(caller, id)).toBe('');
    }
    await worker.settle();
    expect(worker.frames).toEqual([]);
    await calls.noCallsLeft(broker);
  });

  it('are taken when they keep the contract, small and large, and replies are free', async () => {
    const { broker, worker, caller, of } = await scene(transport, ['request']);
    await calls.serve(worker);
    for (const [index, payload] of [small, large].entries()) {
      const id = calls.request(caller, 's', of(payload));
      const asked = await calls.nextHanded(worker, index + 1);
      expect(asked.payload).toEqual(payload);
      calls.reply(worker, asked, { payload: new Uint8Array(3) });
      expect(await calls.endOf(caller, id)).toBe('reply');
    }
    await calls.noCallsLeft(broker);
  });

  it('are refused where contracts are required and there is none', async () => {
    const { worker, caller, of } = await scene(transport, ['request'], {}, true);
    await calls.serve(worker, { subject: '>' });
    const id = calls.request(caller, 'unbound', of(small));
    expect(await calls.endOf(caller, id)).toBe('FAILED_PRECONDITION');
    calls.request(caller, 's', of(small));
    await calls.nextHanded(worker);
  });

  it('end in time while they are verified, cancelled or lost with their caller: nothing is left', async () => {
    const { broker, worker, caller, of } = await scene(transport, ['request'], { workerThreads: 1 });
    await calls.serve(worker, { concurrency: 100 });
    const leaver = await fixture.raw(broker.url);
    // The first keeps the only thread of the pool busy.
    calls.request(leaver, 's', of(huge));
    const expiring = [1, 2, 3].map(() => calls.request(caller, 's', { ...of(huge), timeout: 1 }));
    const given = calls.request(caller, 's', of(huge));
    calls.cancel(caller, given);
    const kept = calls.request(caller, 's', of(large));
    await leaver.close();
    for (const id of expiring) expect(await calls.endOf(caller, id)).toBe('DEADLINE_EXCEEDED');
    // Of the others some may have been verified in time.
    await eventually('the one that was kept', () =>
      calls.handed(worker).some(({ id }) => toHex(id) === toHex(kept)),
    );
    for (const asked of calls.handed(worker)) calls.reply(worker, asked);
    expect(await calls.endOf(caller, kept)).toBe('reply');
    expect(calls.answersTo(caller, given)).toEqual([]);
    await calls.noCallsLeft(broker);
    // Their ids are free again.
    caller.send(calls.requestOf('s', expiring[0]!, of(small)));
    await caller.settle();
    await worker.settle();
    calls.reply(worker, { id: expiring[0]!, subject: 's' });
    await eventually('the second end', () => calls.endsOf(caller, expiring[0]!).length === 2);
    expect(calls.endsOf(caller, expiring[0]!)).toEqual(['DEADLINE_EXCEEDED', 'reply']);
  });

  it('find room again after too much has waited to be verified', async () => {
    const { broker, worker, caller, of } = await scene(transport, ['request'], { maxDetourBytes: 64 * 1024 });
    await calls.serve(worker, { concurrency: 100 });
    const ids = Array.from({ length: 20 }, () => calls.newId());
    caller.send(...ids.map((id) => calls.requestOf('s', id, of(large))));
    await caller.settle();
    const refused = ids.filter((id) => calls.endsOf(caller, id).length > 0);
    expect(refused.length).toBeGreaterThan(0);
    for (const id of refused) expect(calls.endsOf(caller, id)).toEqual(['RESOURCE_EXHAUSTED']);
    await worker.settle();
    expect(calls.handed(worker)).toHaveLength(ids.length - refused.length);
    expect(broker.stats().waitingBytes).toBe(0);
  });
});

describe.each(TRANSPORTS)('replies on a bound subject, over %s', (transport) => {
  it('that break the contract end the request with CONTRACT_VIOLATION, and their worker is told', async () => {
    const { broker, worker, caller, of } = await scene(transport, ['reply']);
    await calls.serve(worker);
    for (const [index, payload] of [broken(small), broken(large)].entries()) {
      const id = calls.request(caller);
      const asked = await calls.nextHanded(worker, 2 * index + 1);
      calls.replyPart(worker, asked, of(payload));
      expect(await calls.endOf(caller, id)).toBe('CONTRACT_VIOLATION');
      expect(calls.startedOf(caller, id)).toBe('true');
      await worker.settle();
      expect(calls.cancelled(worker)).toHaveLength(index + 1);
      calls.fail(worker, asked, 'CANCELLED');
      const last = calls.request(caller);
      calls.reply(worker, await calls.nextHanded(worker, 2 * index + 2), of(payload));
      expect(await calls.endOf(caller, last)).toBe('CONTRACT_VIOLATION');
      expect(calls.startedOf(caller, last)).toBe('true');
    }
    await calls.noCallsLeft(broker);
  });

  it('keep the order of their stream, whatever is small or large, errors too', async () => {
    const { broker, worker, caller, of } = await scene(transport, ['reply']);
    await calls.serve(worker, { concurrency: 2 });
    const ids = [calls.request(caller), calls.request(caller)];
    await calls.nextHanded(worker, 2);
    const [first, second] = calls.handed(worker) as [never, never];
    const stream = [small, large, small, huge, small, large, small];
    for (const payload of stream) {
      calls.replyPart(worker, first, of(payload));
      calls.replyPart(worker, second, of(payload));
    }
    calls.reply(worker, first, of(small));
    calls.fail(worker, second, 'INTERNAL');
    await worker.settle();
    expect(await calls.endOf(caller, ids[0]!)).toBe('reply');
    expect(await calls.endOf(caller, ids[1]!)).toBe('INTERNAL');
    for (const [index, id] of ids.entries()) {
      const answers = calls.answersTo(caller, id);
      expect(answers.map(({ payloadLength }) => payloadLength)).toEqual([
        ...stream.map(({ length }) => length),
        index === 0 ? small.length : 0,
      ]);
      expect(answers.map(({ sequence }) => sequence)).toEqual(answers.map((_, at) => at + 1));
    }
    await calls.noCallsLeft(broker);
  });

  it('that find no room to be verified end the request as one that was processed', async () => {
    const { broker, worker, caller, of } = await scene(transport, ['reply'], { maxDetourBytes: 64 * 1024 });
    await calls.serve(worker, { concurrency: 20 });
    const ids = Array.from({ length: 20 }, () => calls.newId());
    caller.send(...ids.map((id) => calls.requestOf('s', id)));
    await calls.nextHanded(worker, ids.length);
    worker.send(...ids.map((id) => calls.replyOf({ id, subject: 's' }, of(large))));
    await worker.settle();
    await caller.settle();
    const ends = ids.flatMap((id) => calls.endsOf(caller, id));
    expect(ends).toHaveLength(ids.length);
    expect(new Set(ends)).toEqual(new Set(['reply', 'UNAVAILABLE']));
    const refused = ids.find((id) => calls.endsOf(caller, id)[0] === 'UNAVAILABLE')!;
    expect(calls.messageOf(caller, refused)).toMatch(/maxDetourBytes = .*the request was processed/);
    await calls.noCallsLeft(broker);
  });

  it('leave an idempotent request to another worker when theirs is lost before they are verified', async () => {
    const { broker, worker, caller, of } = await scene(transport, ['reply']);
    await calls.serve(worker);
    const id = calls.request(caller, 's', calls.IDEMPOTENT);
    const asked = await calls.nextHanded(worker);
    const other = await fixture.raw(broker.url);
    await calls.serve(other);
    calls.replyPart(worker, asked, of(huge));
    calls.reply(worker, asked, of(small));
    await worker.close();
    // Either all of the first worker's stream has come by then, or nothing of it counts.
    await eventually('an end or another worker', () => {
      for (const again of calls.handed(other)) calls.reply(other, again, of(large));
      return calls.endsOf(caller, id).length > 0;
    });
    const lengths = calls.answersTo(caller, id).map(({ payloadLength }) => payloadLength);
    expect([`${[large.length]}`, `${[huge.length, small.length]}`, `${[huge.length, 0]}`]).toContain(
      `${lengths}`,
    );
    await calls.noCallsLeft(broker);
  });

  it('may end a request that is over while they are verified', async () => {
    const { broker, worker, caller, of } = await scene(transport, ['reply']);
    await calls.serve(worker);
    const id = calls.request(caller);
    const asked = await calls.nextHanded(worker);
    calls.replyPart(worker, asked, of(huge));
    calls.replyPart(worker, asked, of(huge));
    calls.cancel(caller, id);
    calls.reply(worker, asked, of(small));
    await worker.settle();
    await caller.settle();
    await calls.noCallsLeft(broker);
    expect(broker.stats().calls.late).toBe(0);
    expect(calls.endsOf(caller, id)).toEqual([]);
    calls.request(caller);
    await calls.nextHanded(worker, 2);
  });
});
