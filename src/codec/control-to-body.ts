import type { ControlMessage, MissedRange, SubjectPosition } from './control-message.js';
import { AckT } from './generated/modwire/control/ack.js';
import { AckEntryT } from './generated/modwire/control/ack-entry.js';
import { Body } from './generated/modwire/control/body.js';
import { CapacityT } from './generated/modwire/control/capacity.js';
import type { ControlT } from './generated/modwire/control/control.js';
import { CreditT } from './generated/modwire/control/credit.js';
import { ExplanationT } from './generated/modwire/control/explanation.js';
import { FailureT } from './generated/modwire/control/failure.js';
import { GapT } from './generated/modwire/control/gap.js';
import { GoodbyeT } from './generated/modwire/control/goodbye.js';
import { GrantT } from './generated/modwire/control/grant.js';
import { HelloT } from './generated/modwire/control/hello.js';
import { MissedT } from './generated/modwire/control/missed.js';
import { PingT } from './generated/modwire/control/ping.js';
import { PongT } from './generated/modwire/control/pong.js';
import { PositionT } from './generated/modwire/control/position.js';
import { ReferenceT } from './generated/modwire/control/reference.js';
import { RegisterT } from './generated/modwire/control/register.js';
import { RegisteredT } from './generated/modwire/control/registered.js';
import { ResolveT } from './generated/modwire/control/resolve.js';
import { ResolvedT } from './generated/modwire/control/resolved.js';
import { ServeT } from './generated/modwire/control/serve.js';
import { ServingT } from './generated/modwire/control/serving.js';
import { ShareT } from './generated/modwire/control/share.js';
import { SlowT } from './generated/modwire/control/slow.js';
import { SubscribeT } from './generated/modwire/control/subscribe.js';
import { SubscribedT } from './generated/modwire/control/subscribed.js';
import { UnreadableT } from './generated/modwire/control/unreadable.js';
import { UnserveT } from './generated/modwire/control/unserve.js';
import { UnservedT } from './generated/modwire/control/unserved.js';
import { UnsubscribeT } from './generated/modwire/control/unsubscribe.js';
import { UnsubscribedT } from './generated/modwire/control/unsubscribed.js';
import { WelcomeT } from './generated/modwire/control/welcome.js';
import { WithheldT } from './generated/modwire/control/withheld.js';
import { toStreamBody } from './stream-to-body.js';

/** The body of a control message, ready to be packed. */
export function toControlBody(message: ControlMessage): { type: Body; table: ControlT['body'] } {
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
          message.reads.map(toReference),
          message.group,
          message.skipHistory,
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
            (entry) => new AckEntryT(toReference(entry.id), BigInt(entry.epoch), BigInt(entry.sequence)),
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
          message.reference === undefined ? null : toReference(message.reference),
          message.subscription ?? 0,
          message.call ?? 0,
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
    case 'withheld':
      return {
        type: Body.Withheld,
        table: new WithheldT(
          message.subject,
          BigInt(message.epoch),
          BigInt(message.first),
          BigInt(message.last),
          toReference(message.schemaId),
        ),
      };
    case 'unreadable':
      return {
        type: Body.Unreadable,
        table: new UnreadableT(message.anew, toReference(message.schemaId), [...message.subscriptions]),
      };
    case 'register':
      return {
        type: Body.Register,
        table: new RegisterT(message.call, message.contract, message.root, toBytes(message.schema)),
      };
    case 'registered':
      return {
        type: Body.Registered,
        table: new RegisteredT(
          message.call,
          message.contract,
          message.version,
          toReference(message.schemaId),
          message.isNew,
          [...message.unreadableBy],
        ),
      };
    case 'serve':
      return {
        type: Body.Serve,
        table: new ServeT(
          message.service,
          message.subject,
          message.group,
          message.version,
          message.concurrency,
          message.policy,
          message.reads.map(toReference),
        ),
      };
    case 'explanation':
      return {
        type: Body.Explanation,
        table: new ExplanationT(message.json, toReference(message.request)),
      };
    case 'share':
      return { type: Body.Share, table: new ShareT(message.subscription) };
    case 'serving':
      return { type: Body.Serving, table: new ServingT(message.service) };
    case 'unserve':
      return { type: Body.Unserve, table: new UnserveT(message.service) };
    case 'unserved':
      return { type: Body.Unserved, table: new UnservedT(message.service) };
    case 'capacity':
      return {
        type: Body.Capacity,
        table: new CapacityT(message.service, message.concurrency, message.ready),
      };
    case 'grant':
      return {
        type: Body.Grant,
        table: new GrantT(BigInt(message.replies), toReference(message.request)),
      };
    case 'resolve':
      return { type: Body.Resolve, table: new ResolveT(message.call, toReference(message.schemaId)) };
    case 'resolved':
      return {
        type: Body.Resolved,
        table: new ResolvedT(
          message.call,
          message.contract,
          message.version,
          toReference(message.schemaId),
          message.root,
          toBytes(message.schema),
        ),
      };
    default:
      return toStreamBody(message);
  }
}

function toPosition(position: SubjectPosition): PositionT {
  return new PositionT(position.subject, BigInt(position.epoch), BigInt(position.sequence));
}

function toMissed(missed: MissedRange): MissedT {
  return new MissedT(missed.subject, BigInt(missed.epoch), BigInt(missed.first), BigInt(missed.last));
}

function toReference(bytes: Uint8Array): ReferenceT {
  return new ReferenceT([...bytes]);
}

/** The generated code takes lists of numbers, and copies a typed array as it copies those. */
function toBytes(bytes: Uint8Array): number[] {
  return bytes as unknown as number[];
}
