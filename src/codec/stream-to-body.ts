import { Body } from './generated/modwire/control/body.js';
import { ConsumeT } from './generated/modwire/control/consume.js';
import { ConsumingT } from './generated/modwire/control/consuming.js';
import type { ControlT } from './generated/modwire/control/control.js';
import { FinishedT } from './generated/modwire/control/finished.js';
import { HandoutT } from './generated/modwire/control/handout.js';
import { LostT } from './generated/modwire/control/lost.js';
import { ManageT } from './generated/modwire/control/manage.js';
import { ManagedT } from './generated/modwire/control/managed.js';
import { OffsetRangeT } from './generated/modwire/control/offset-range.js';
import { SettleT } from './generated/modwire/control/settle.js';
import { UnconsumeT } from './generated/modwire/control/unconsume.js';
import { UnconsumedT } from './generated/modwire/control/unconsumed.js';
import type { OffsetRange, StreamMessage } from './stream-message.js';

/** The body of a control message about streams, ready to be packed. */
export function toStreamBody(message: StreamMessage): { type: Body; table: ControlT['body'] } {
  switch (message.type) {
    case 'consume':
      return {
        type: Body.Consume,
        table: new ConsumeT(
          message.consumer,
          message.stream,
          message.name,
          message.options,
          message.capacity,
          message.windowBytes,
        ),
      };
    case 'consuming':
      return { type: Body.Consuming, table: new ConsumingT(message.consumer, message.json) };
    case 'handout':
      return {
        type: Body.Handout,
        table: new HandoutT(message.consumer, message.offsets.map(toRange), [...message.attempts]),
      };
    case 'settle':
      return {
        type: Body.Settle,
        table: new SettleT(
          message.consumer,
          message.verdict,
          message.offsets.map(toRange),
          message.delayMs,
          message.reason,
        ),
      };
    case 'lost':
      return {
        type: Body.Lost,
        table: new LostT(
          message.consumer,
          BigInt(message.first),
          BigInt(message.last),
          message.code,
          message.message,
        ),
      };
    case 'unconsume':
      return { type: Body.Unconsume, table: new UnconsumeT(message.consumer) };
    case 'unconsumed':
      return { type: Body.Unconsumed, table: new UnconsumedT(message.consumer) };
    case 'finished':
      return { type: Body.Finished, table: new FinishedT(message.consumer, message.code, message.message) };
    case 'manage':
      return { type: Body.Manage, table: new ManageT(message.call, message.operation, message.json) };
    case 'managed':
      return { type: Body.Managed, table: new ManagedT(message.call, message.json) };
  }
}

function toRange({ first, last }: OffsetRange): OffsetRangeT {
  return new OffsetRangeT(BigInt(first), BigInt(last));
}
