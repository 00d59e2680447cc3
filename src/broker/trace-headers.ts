import type { FrameFields } from '../codec/frame-fields.js';
import { fromHex } from '../codec/message-id.js';
import type { HttpRequest } from './http-message.js';

/** Version, trace id, parent id, flags. Later versions may append to what the first one has. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_VERSION = 'ff';
const FIRST_VERSION = '00';

/**
 * The trace that a request belongs to, from the headers of W3C Trace Context and Baggage. As these ask for, a
 * `traceparent` that is not valid counts as none, and without one nobody reads its `tracestate`.
 */
export function traceOf({
  headers,
}: Pick<HttpRequest, 'headers'>): Pick<FrameFields, 'trace' | 'tracestate' | 'baggage'> {
  const { traceparent, tracestate, baggage } = headers;
  const trace = parseTraceparent(traceparent);
  return {
    trace,
    tracestate: trace !== undefined && tracestate !== '' ? tracestate : undefined,
    baggage: baggage === '' ? undefined : baggage,
  };
}

function parseTraceparent(text: string): FrameFields['trace'] {
  const [, version = NO_VERSION, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(text) ?? [];
  if (version === NO_VERSION || (version === FIRST_VERSION && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId: fromHex(traceId), spanId: fromHex(spanId), flags: Number.parseInt(flags, 16) };
}
