import { describe, expect, it } from 'vitest';
import { ContentType } from '../../../src/codec/generated/modwire/content-type.js';
import { FrameFlags } from '../../../src/codec/generated/modwire/frame-flags.js';
import { fromHex, toHex } from '../../../src/codec/message-id.js';
import { ERRORS, type ErrorCode } from '../../../src/errors.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { BYTES_BODY, call, errorOf, JSON_BODY, SlowReader } from '../../support/http-calls.js';
import { ORDER, ORDERS, register } from '../../support/order-schemas.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('POST /v1/request over %s', (transport) => {
  it('hands a request to a worker, with all that its headers say, and answers with the reply', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = call(broker, 's', '{"a":[1]}', {
      ...{ 'Modwire-Timeout-Ms': '5000', 'Modwire-Priority': '7', 'Modwire-Key': 'gr%C3%B6%C3%9Fe' },
      ...{
        'Modwire-Idempotent': 'true',
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
        tracestate: 'v=1',
      },
    });
    const asked = await calls.nextHanded(worker);
    expect([asked.json(), asked.contentType]).toEqual([{ a: [1] }, ContentType.json]);
    expect([asked.priority, asked.assignmentKey, asked.flags]).toEqual([7, 'größe', FrameFlags.idempotent]);
    expect([toHex(asked.traceId), asked.tracestate]).toEqual([traceId, 'v=1']);
    expect(asked.timeout).toBeGreaterThan(4_000_000);
    expect(asked.timeout).toBeLessThanOrEqual(5_000_000);
    calls.reply(worker, asked, { contentType: ContentType.json, payload: Buffer.from('{"b": 2}') });
    expect(await answer).toMatchObject({
      status: 200,
      body: '{"b": 2}',
      headers: { 'content-type': 'application/json' },
    });
    await calls.noCallsLeft(broker);
  });

  it('hands a request to a worker with a version in the range that it asks for, and to nobody else', async () => {
    const broker = await fixture.broker(transport);
    const [v1, v2] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    await calls.serve(v1, { version: '1.4.0', concurrency: 9 });
    await calls.serve(v2, { version: '2.0.0', concurrency: 9 });
    const answers = ['>=1.2 <2', '1 || 3'].map((range) =>
      call(broker, 's', '1', { 'Modwire-Version': range }),
    );
    await calls.nextHanded(v1, 2);
    for (const asked of calls.handed(v1)) calls.reply(v1, asked);
    for (const answer of answers) expect((await answer).status).toBe(200);
    const refused = errorOf(await call(broker, 's', '1', { 'Modwire-Version': '^3' }));
    expect(refused).toEqual([503, 'NO_RESPONDERS', expect.stringContaining('got 1.4.0, 2.0.0')]);
    expect(calls.handed(v2)).toEqual([]);
  });

  it('says of which schema, variant, experiment and trace a reply is, whatever is in their names', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const answer = call(broker, 's');
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    calls.reply(worker, await calls.nextHanded(worker), {
      ...{ schemaId: fromHex('ab'.repeat(16)), contentType: ContentType.flatbuffer },
      ...{ variant: 'b\r\nX: 1 ü%', experiment: 'ranker-7', tracestate: 'v=1\r\nX: 1' },
      trace: { traceId: fromHex(traceId), spanId: fromHex('00f067aa0ba902b7'), flags: 1 },
    });
    const { headers } = await answer;
    expect(headers).toMatchObject({
      'modwire-schema-id': 'ab'.repeat(16),
      'modwire-variant': 'b%0D%0AX:%201%20%C3%BC%25',
      'modwire-experiment': 'ranker-7',
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    expect(headers).not.toHaveProperty('tracestate');
    expect(headers).not.toHaveProperty('x');
  });

  it('transcodes by the contracts that requests and replies are bound to', async () => {
    const broker = await fixture.broker(transport);
    const orders = await register(broker, 'orders', ORDERS.v1, ORDER);
    for (const use of ['request', 'reply'] as const) {
      await broker.registry.bind({ pattern: 's', use, contract: 'orders' });
    }
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const answer = call(broker, 's', '{"id":"o-9"}');
    const asked = await calls.nextHanded(worker);
    expect(toHex(asked.schemaId!)).toBe(orders.schemaId);
    expect(asked.contentType).toBe(ContentType.flatbuffer);
    calls.reply(worker, asked, orders.fields);
    const { status, body, headers } = await answer;
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(body)).toMatchObject(ORDER);

    const bytes = call(broker, `s?schema=${orders.schemaId}`, orders.payload, {
      ...BYTES_BODY,
      Accept: 'application/octet-stream;q=1, */*',
    });
    calls.reply(worker, await calls.nextHanded(worker, 2), orders.fields);
    expect((await bytes).headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(orders.payload.length),
    });
    expect(errorOf(await call(broker, 's', '{"total":1}'))).toEqual([
      400,
      'INVALID_ARGUMENT',
      expect.stringContaining('id'),
    ]);
    expect(errorOf(await call(broker, 's', 'bytes', BYTES_BODY))[1]).toBe('CONTRACT_VIOLATION');
  });

  it('answers with the error of a worker, with the status of its code', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const codes: ErrorCode[] = ['NOT_FOUND', 'INTERNAL', 'RESOURCE_EXHAUSTED', 'CONTRACT_VIOLATION'];
    for (const [index, code] of codes.entries()) {
      const answer = call(broker, 's');
      calls.fail(worker, await calls.nextHanded(worker, index + 1), code, `because of "${code}"`);
      expect(errorOf(await answer)).toEqual([ERRORS[code].httpStatus, code, `because of "${code}"`]);
    }
  });

  it('answers at once where nobody serves, and at its deadline where nobody answers', async () => {
    const broker = await fixture.broker(transport);
    expect(errorOf(await call(broker, 's'))).toEqual([
      503,
      'NO_RESPONDERS',
      expect.stringContaining('subject s'),
    ]);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const late = await call(broker, 's', '{}', { 'Modwire-Timeout-Ms': '60' });
    expect(errorOf(late).slice(0, 2)).toEqual([504, 'DEADLINE_EXCEEDED']);
    await eventually('the cancel', () => calls.cancelled(worker).length === 1);
  });

  it('tells the worker to give up when its caller goes away', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const caller = fixture.closing(new SlowReader(broker, 's', JSON_BODY));
    const asked = await calls.nextHanded(worker);
    caller.leave();
    await eventually('the cancel', () => calls.cancelled(worker).length === 1);
    expect(calls.cancelled(worker)).toEqual([toHex(asked.id)]);
    calls.reply(worker, asked);
    await calls.noCallsLeft(broker);
  });

  it('takes no stream without being asked for events, and has the worker give up', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    const answer = call(broker, 's');
    calls.replyPart(worker, await calls.nextHanded(worker));
    expect(errorOf(await answer)).toEqual([
      ...[412, 'FAILED_PRECONDITION', expect.stringContaining('text/event-stream')],
    ]);
    await eventually('the cancel', () => calls.cancelled(worker).length === 1);
  });

  it('has at most maxHttpRequests under way, and room again when they are answered or gone', async () => {
    const broker = await fixture.broker(transport, { maxHttpRequests: 2 });
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker, { concurrency: 10 });
    const first = call(broker, 's');
    const second = fixture.closing(new SlowReader(broker, 's', JSON_BODY));
    await calls.nextHanded(worker, 2);
    expect(errorOf(await call(broker, 's')).slice(0, 2)).toEqual([503, 'RESOURCE_EXHAUSTED']);
    // Without a body it is not counted before it becomes a call.
    expect(errorOf(await call(broker, 's', '', BYTES_BODY)).slice(0, 2)).toEqual([503, 'RESOURCE_EXHAUSTED']);
    for (const asked of calls.handed(worker)) calls.reply(worker, asked);
    second.leave();
    expect(await first).toMatchObject({ status: 200, body: '' });
    await calls.noCallsLeft(broker);
    const third = call(broker, 's');
    calls.reply(worker, await calls.nextHanded(worker, 3));
    expect((await third).status).toBe(200);
  });

  it.each([
    ['s', { 'Modwire-Timeout-Ms': '0' }, 'Modwire-Timeout-Ms'],
    ['s', { 'Modwire-Timeout-Ms': '1e3' }, 'Modwire-Timeout-Ms'],
    ['s', { 'Modwire-Timeout-Ms': '9007199254740991' }, 'maxRequestTimeoutMs'],
    ['s', { 'Modwire-Priority': '256' }, 'Modwire-Priority'],
    ['s', { 'Modwire-Priority': '-1' }, 'Modwire-Priority'],
    ['s', { 'Modwire-Key': '%' }, 'Modwire-Key'],
    ['s', { 'Modwire-Idempotent': 'yes' }, 'Modwire-Idempotent'],
    ['s', { 'Modwire-Version': 'newest' }, 'not a range of versions'],
    ['s?timeout=1', {}, 'query'],
    ['a..b', {}, 'not a subject'],
  ] as const)('refuses %s with %o', async (target, headers, where) => {
    const broker = await fixture.broker(transport);
    const answer = errorOf(await call(broker, target, '{}', headers));
    expect(answer).toEqual([400, 'INVALID_ARGUMENT', expect.stringContaining(where)]);
    expect(broker.stats().calls).toMatchObject({ open: 0, requests: 0 });
  });

  it('refuses other methods and types, reserved subjects, and what is larger than a frame', async () => {
    const broker = await fixture.broker(transport, { maxFrameBytes: 4096 });
    expect(await ask(broker.port, '/v1/request/s')).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
    });
    expect((await call(broker, 's', '{}', { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect(errorOf(await call(broker, '$s'))[1]).toBe('PERMISSION_DENIED');
    const large = errorOf(await call(broker, 's', 'x'.repeat(5000), BYTES_BODY));
    expect(large).toEqual([429, 'RESOURCE_EXHAUSTED', expect.stringContaining('maxFrameBytes')]);
  });
});
