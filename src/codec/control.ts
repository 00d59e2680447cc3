import { Builder, ByteBuffer, Encoding } from 'flatbuffers';
import type { ControlMessage, MissedRange, SubjectPosition } from './control-message.js';
import { CONTROL_SHAPE } from './control-shape.js';
import { alignUp, CONTROL_IDENTIFIER, FRAME_ALIGNMENT } from './frame-layout.js';
import { AckT } from './generated/modwire/control/ack.js';
import { AckEntryT } from './generated/modwire/control/ack-entry.js';
import { Body } from './generated/modwire/control/body.js';
import { Control, ControlT } from './generated/modwire/control/control.js';
import { CreditT } from './generated/modwire/control/credit.js';
import { FailureT } from './generated/modwire/control/failure.js';
import { GapT } from './generated/modwire/control/gap.js';
import { GoodbyeT } from './generated/modwire/control/goodbye.js';
import { HelloT } from './generated/modwire/control/hello.js';
import { MissedT } from './generated/modwire/control/missed.js';
import { PingT } from './generated/modwire/control/ping.js';
import { PongT } from './generated/modwire/control/pong.js';
import { PositionT } from './generated/modwire/control/position.js';
import { ReferenceT } from './generated/modwire/control/reference.js';
import { SlowT } from './generated/modwire/control/slow.js';
import { SubscribeT } from './generated/modwire/control/subscribe.js';
import { SubscribedT } from './generated/modwire/control/subscribed.js';
import { UnsubscribeT } from './generated/modwire/control/unsubscribe.js';
import { UnsubscribedT } from './generated/modwire/control/unsubscribed.js';
import { WelcomeT } from './generated/modwire/control/welcome.js';
import type { Memory } from './memory.js';
import { verifyTable } from './table-verifier.js';
import { decodeUtf8 } from './utf8.js';
import type { Violation } from './verify-rule.js';

const IDENTIFIER_TEXT = 'MCC1';

/** Bytes whose texts are decoded as frames' are: FlatBuffers' own decoder would drop a byte order mark in front. */
class VerifiedBytes extends ByteBuffer {
  override __string(offset: number, encoding?: Encoding): string | Uint8Array {
    const bytes = super.__string(offset, Encoding.UTF8_BYTES) as Uint8Array;
    return encoding === Encoding.UTF8_BYTES ? bytes : decodeUtf8(bytes, 0, bytes.length);
  }
}

/** A control message as bytes: one entry of a batch. */
export function encodeControl(message: ControlMessage): Uint8Array {
  const builder = new Builder(256);
  const body = toBody(message);
  const root = new ControlT(body.type, body.table).pack(builder);
  builder.finishSizePrefixed(root, IDENTIFIER_TEXT);
  const bytes = builder.asUint8Array();
  const padded = new Uint8Array(alignUp(bytes.length, FRAME_ALIGNMENT));
  padded.set(bytes);
  new DataView(padded.buffer).setUint32(0, padded.length - 4, true);
  return padded;
}

/** The control message between `start` and `end`, or why it is none. Everything in it is copied out. */
export function decodeControl(memory: Memory, start: number, end: number): ControlMessage | Violation {
  const violation = verifyTable(memory, start, end, CONTROL_IDENTIFIER, CONTROL_SHAPE);
  if (violation !== undefined) return violation;
  const buffer = new VerifiedBytes(memory.u8.subarray(start, end));
  return fromBody(Control.getSizePrefixedRootAsControl(buffer).unpack());
}

export function isViolation(decoded: ControlMessage | Violation): decoded is Violation {
  return 'rule' in decoded;
}

function toBody(message: ControlMessage): { type: Body; table: ControlT['body'] } {
  switch (message.type) {
    case 'hello':
      return {
        type: Body.Hello,
        table: new HelloT(message.protocol, message.clientName, message.clientVersion),
      };
    case 'welcome':
      return {
        type: Body.Welcome,
        table: new WelcomeT(
          message.protocol,
          message.brokerName,
          message.brokerVersion,
          BigInt(message.session),
          message.heartbeatMs,
          message.maxFrameBytes,
          message.maxBatchBytes,
          message.maxSubscriptions,
          message.publishWindowBytes,
        ),
      };
    case 'subscribe':
      return {
        type: Body.Subscribe,
        table: new SubscribeT(
          message.subscription,
          message.filter,
          message.resume,
          message.complete,
          message.positions.map(toPosition),
        ),
      };
    case 'subscribed':
      return {
        type: Body.Subscribed,
        table: new SubscribedT(
          message.subscription,
          message.positions.map(toPosition),
          message.complete,
          message.missed.map(toMissed),
        ),
      };
    case 'unsubscribe':
      return { type: Body.Unsubscribe, table: new UnsubscribeT(message.subscription) };
    case 'unsubscribed':
      return { type: Body.Unsubscribed, table: new UnsubscribedT(message.subscription) };
    case 'ack':
      return {
        type: Body.Ack,
        table: new AckT(
          message.entries.map(
            (entry) =>
              new AckEntryT(new ReferenceT([...entry.id]), BigInt(entry.epoch), BigInt(entry.sequence)),
          ),
        ),
      };
    case 'credit':
      return { type: Body.Credit, table: new CreditT(BigInt(message.bytes)) };
    case 'failure':
      return {
        type: Body.Failure,
        table: new FailureT(
          message.code,
          message.message,
          message.reference === undefined ? null : new ReferenceT([...message.reference]),
          message.subscription ?? 0,
        ),
      };
    case 'slow':
      return {
        type: Body.Slow,
        table: new SlowT(
          BigInt(message.bufferedBytes),
          BigInt(message.limitBytes),
          message.missed.map(toMissed),
        ),
      };
    case 'gap':
      return { type: Body.Gap, table: new GapT(message.missed.map(toMissed)) };
    case 'ping':
      return { type: Body.Ping, table: new PingT(BigInt(message.nonce)) };
    case 'pong':
      return { type: Body.Pong, table: new PongT(BigInt(message.nonce)) };
    case 'goodbye':
      return { type: Body.Goodbye, table: new GoodbyeT(message.code, message.message, message.graceMs) };
  }
}

/** `control` was verified, so that required strings are there and the body is of its type. */
function fromBody(control: ControlT): ControlMessage {
  const { body } = control;
  if (body instanceof HelloT) {
    return {
      type: 'hello',
      protocol: body.protocol,
      clientName: String(body.clientName),
      clientVersion: String(body.clientVersion ?? ''),
    };
  }
  if (body instanceof WelcomeT) {
    return {
      type: 'welcome',
      protocol: body.protocol,
      brokerName: String(body.brokerName),
      brokerVersion: String(body.brokerVersion),
      session: Number(body.session),
      heartbeatMs: body.heartbeatMs,
      maxFrameBytes: body.maxFrameBytes,
      maxBatchBytes: body.maxBatchBytes,
      maxSubscriptions: body.maxSubscriptions,
      publishWindowBytes: body.publishWindowBytes,
    };
  }
  if (body instanceof SubscribeT) {
    return {
      type: 'subscribe',
      subscription: body.subscription,
      filter: String(body.filter),
      resume: body.resume,
      complete: body.complete,
      positions: body.positions.map(fromPosition),
    };
  }
  if (body instanceof SubscribedT) {
    return {
      type: 'subscribed',
      subscription: body.subscription,
      positions: body.positions.map(fromPosition),
      complete: body.complete,
      missed: body.missed.map(fromMissed),
    };
  }
  if (body instanceof UnsubscribeT) return { type: 'unsubscribe', subscription: body.subscription };
  if (body instanceof UnsubscribedT) return { type: 'unsubscribed', subscription: body.subscription };
  if (body instanceof AckT) {
    return {
      type: 'ack',
      entries: body.entries.map((entry) => ({
        id: Uint8Array.from(entry.id!.bytes),
        epoch: Number(entry.epoch),
        sequence: Number(entry.sequence),
      })),
    };
  }
  if (body instanceof CreditT) return { type: 'credit', bytes: Number(body.bytes) };
  if (body instanceof FailureT) {
    return {
      type: 'failure',
      code: body.code,
      message: String(body.message),
      reference: body.reference === null ? undefined : Uint8Array.from(body.reference.bytes),
      subscription: body.subscription === 0 ? undefined : body.subscription,
    };
  }
  if (body instanceof SlowT) {
    return {
      type: 'slow',
      bufferedBytes: Number(body.bufferedBytes),
      limitBytes: Number(body.limitBytes),
      missed: body.missed.map(fromMissed),
    };
  }
  if (body instanceof GapT) return { type: 'gap', missed: body.missed.map(fromMissed) };
  if (body instanceof PingT) return { type: 'ping', nonce: Number(body.nonce) };
  if (body instanceof PongT) return { type: 'pong', nonce: Number(body.nonce) };
  const goodbye = body as GoodbyeT;
  return {
    type: 'goodbye',
    code: goodbye.code,
    message: String(goodbye.message),
    graceMs: goodbye.graceMs,
  };
}

function toPosition(position: SubjectPosition): PositionT {
  return new PositionT(position.subject, BigInt(position.epoch), BigInt(position.sequence));
}

function fromPosition(position: PositionT): SubjectPosition {
  return {
    subject: String(position.subject),
    epoch: Number(position.epoch),
    sequence: Number(position.sequence),
  };
}

function toMissed(missed: MissedRange): MissedT {
  return new MissedT(missed.subject, BigInt(missed.epoch), BigInt(missed.first), BigInt(missed.last));
}

function fromMissed(missed: MissedT): MissedRange {
  return {
    subject: String(missed.subject),
    epoch: Number(missed.epoch),
    first: Number(missed.first),
    last: Number(missed.last),
  };
}
