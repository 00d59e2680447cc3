import { ConsumeT } from './generated/modwire/control/consume.js';
import { ConsumingT } from './generated/modwire/control/consuming.js';
import type { ControlT } from './generated/modwire/control/control.js';
import { FinishedT } from './generated/modwire/control/finished.js';
import { HandoutT } from './generated/modwire/control/handout.js';
import { LostT } from './generated/modwire/control/lost.js';
import { ManageT } from './generated/modwire/control/manage.js';
import { ManagedT } from './generated/modwire/control/managed.js';
import type { OffsetRangeT } from './generated/modwire/control/offset-range.js';
import { SettleT } from './generated/modwire/control/settle.js';
import { UnconsumeT } from './generated/modwire/control/unconsume.js';
import { UnconsumedT } from './generated/modwire/control/unconsumed.js';
import type { OffsetRange, StreamMessage } from './stream-message.js';

/** What a verified control message says of streams; undefined when it is about something else. */
export function fromStreamBody(body: ControlT['body']): StreamMessage | undefined {
  if (body instanceof HandoutT) {
    return {
      type: 'handout',
      consumer: body.consumer,
      offsets: body.offsets.map(fromRange),
      attempts: body.attempts,
    };
  }
  if (body instanceof SettleT) {
    return {
      type: 'settle',
      consumer: body.consumer,
      verdict: body.verdict,
      offsets: body.offsets.map(fromRange),
      delayMs: body.delayMs,
      reason: String(body.reason ?? ''),
    };
  }
  if (body instanceof ConsumeT) {
    return {
      type: 'consume',
      consumer: body.consumer,
      stream: String(body.stream),
      name: String(body.name ?? ''),
      options: String(body.options ?? ''),
      capacity: body.capacity,
      windowBytes: body.windowBytes,
    };
  }
  if (body instanceof ConsumingT) {
    return { type: 'consuming', consumer: body.consumer, json: String(body.json) };
  }
  if (body instanceof LostT) {
    return {
      ...{ type: 'lost', consumer: body.consumer },
      ...{ first: Number(body.first), last: Number(body.last) },
      ...{ code: body.code, message: String(body.message) },
    };
  }
  if (body instanceof UnconsumeT) return { type: 'unconsume', consumer: body.consumer };
  if (body instanceof UnconsumedT) return { type: 'unconsumed', consumer: body.consumer };
  if (body instanceof FinishedT) {
    const { consumer, code, message } = body;
    return { type: 'finished', consumer, code, message: String(message ?? '') };
  }
  if (body instanceof ManageT) {
    const { call, operation, json } = body;
    return { type: 'manage', call, operation: String(operation), json: String(json ?? '') };
  }
  if (body instanceof ManagedT) return { type: 'managed', call: body.call, json: String(body.json) };
  return undefined;
}

function fromRange({ first, last }: OffsetRangeT): OffsetRange {
  return { first: Number(first), last: Number(last) };
}
