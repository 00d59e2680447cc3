import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHead } from '../../src/broker/http-message.js';
import { traceOf } from '../../src/broker/trace-headers.js';
import { toHex } from '../../src/codec/message-id.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

const trace = (headers: Record<string, string>) =>
  traceOf(readHead('POST', '/', '', (name) => headers[name]));

describe('the trace of an HTTP request', () => {
  it('is that of its traceparent, with tracestate and baggage', () => {
    const found = trace({ traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'a=1', baggage: 'user=7' });
    expect(found).toMatchObject({ tracestate: 'a=1', baggage: 'user=7' });
    const { traceId, spanId, flags } = found.trace!;
    expect([toHex(traceId), toHex(spanId), flags]).toEqual([TRACE, SPAN, 1]);
  });

  it('may be of a later version, which may say more', () => {
    for (const text of [`cc-${TRACE}-${SPAN}-00`, `01-${TRACE}-${SPAN}-00-more`]) {
      expect(toHex(trace({ traceparent: text }).trace!.traceId)).toBe(TRACE);
    }
  });

  it.each([
    '',
    'x',
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}`,
  ])('is none with traceparent %j, nor is its tracestate read', (traceparent) => {
    expect(trace({ traceparent, tracestate: 'a=1', baggage: 'b=2' })).toEqual({
      ...{ trace: undefined, tracestate: undefined, baggage: 'b=2' },
    });
  });

  it('never fails', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (traceparent, tracestate) => {
        expect(trace({ traceparent, tracestate }).trace).toBeUndefined();
      }),
    );
  });
});
