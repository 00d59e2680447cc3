import { describe, expect, it } from 'vitest';
import type { FrameView } from '../../../src/codec/frame-view.js';
import { ModwireError, type RequestOptions } from '../../../src/index.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { call } from '../../support/http-calls.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();
const id = (byte: number, length = 16) => new Uint8Array(length).fill(byte);
const TRACE = { traceId: id(4), spanId: id(5, 8), flags: 1 };
/** The same as a frame says it. */
const TRACE_OF_FRAME = { traceId: TRACE.traceId, spanId: TRACE.spanId, traceFlags: TRACE.flags };

describe.each(TRANSPORTS)('answers of a handler over %s', (transport) => {
  async function pair() {
    const broker = await fixture.broker(transport);
    return { broker, worker: await fixture.client(broker.url), caller: await fixture.client(broker.url) };
  }

  it('belong to the trace of their request, each of a stream too, and name the request as their cause', async () => {
    const { worker, caller } = await pair();
    const requests: Uint8Array[] = [];
    await worker.serve('one', (_, context) => {
      requests.push(context.id.slice());
    });
    await worker.serve('many', async function* (_, context) {
      requests.push(context.id.slice());
      yield 1;
      yield context.reply(2, { variant: 'b' });
    });
    const options: RequestOptions = { trace: TRACE, correlationId: id(9) };
    const frames = [(await caller.request('one', 1, options)).frame];
    for await (const { frame } of caller.requestStream('many', 1, options)) frames.push(frame);
    expect(frames).toHaveLength(3);
    for (const [index, frame] of frames.entries()) {
      const request = requests[Math.min(index, 1)];
      expect(frame).toMatchObject({ ...TRACE_OF_FRAME, correlationId: request, causationId: request });
    }
  });

  it('that are errors or ends of streams do too', async () => {
    const { broker, worker } = await pair();
    const caller = await fixture.raw(broker.url);
    await worker.serve('fails', () => {
      throw new ModwireError('NOT_FOUND', 'no such model');
    });
    await worker.serve('empty', async function* () {});
    for (const subject of ['fails', 'empty']) {
      const asked = calls.request(caller, subject, { trace: TRACE });
      await calls.endOf(caller, asked);
      const [end] = calls.answersTo(caller, asked) as [FrameView];
      expect(end).toMatchObject({ ...TRACE_OF_FRAME, correlationId: asked, causationId: asked });
    }
  });

  it('say nothing of a trace where their request has begun one: it is named after the request', async () => {
    const { broker, worker } = await pair();
    const caller = await fixture.raw(broker.url);
    await worker.serve('one', () => 1);
    const asked = calls.request(caller, 'one');
    await calls.endOf(caller, asked);
    const [reply] = calls.answersTo(caller, asked) as [FrameView];
    expect([reply.has('trace'), reply.has('causationId'), reply.correlationId]).toEqual([
      false,
      false,
      asked,
    ]);
  });

  it('are told over HTTP with the trace of their request', async () => {
    const { broker, worker } = await pair();
    await worker.serve('one', () => 1);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    expect((await call(broker, 'one', '{}', { traceparent })).headers).toMatchObject({ traceparent });
    expect((await call(broker, 'one')).headers).not.toHaveProperty('traceparent');
  });
});
