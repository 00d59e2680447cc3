import type { ControlMessage, MissedRange, SubjectPosition } from './control-message.js';
import { ID_BYTES } from './frame-layout.js';
import { AckT } from './generated/modwire/control/ack.js';
import { Body } from './generated/modwire/control/body.js';
import { CapacityT } from './generated/modwire/control/capacity.js';
import type { Control } from './generated/modwire/control/control.js';
import { CreditT } from './generated/modwire/control/credit.js';
import { ExplanationT } from './generated/modwire/control/explanation.js';
import { FailureT } from './generated/modwire/control/failure.js';
import { GapT } from './generated/modwire/control/gap.js';
import type { GoodbyeT } from './generated/modwire/control/goodbye.js';
import { GrantT } from './generated/modwire/control/grant.js';
import { HelloT } from './generated/modwire/control/hello.js';
import type { MissedT } from './generated/modwire/control/missed.js';
import { PingT } from './generated/modwire/control/ping.js';
import { PongT } from './generated/modwire/control/pong.js';
import type { PositionT } from './generated/modwire/control/position.js';
import type { ReferenceT } from './generated/modwire/control/reference.js';
import { Register } from './generated/modwire/control/register.js';
import { RegisteredT } from './generated/modwire/control/registered.js';
import { ResolveT } from './generated/modwire/control/resolve.js';
import { Resolved } from './generated/modwire/control/resolved.js';
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
import { fromStreamBody } from './stream-from-body.js';

/** What a control message says. It was verified, so that required strings are there and the body is of its type. */
export function fromControlBody(control: Control): ControlMessage {
  // Their schemas may be large, and the object API would make a list of numbers of them.
  if (control.bodyType() === Body.Register) return fromRegister(control.body(new Register()) as Register);
  if (control.bodyType() === Body.Resolved) return fromResolved(control.body(new Resolved()) as Resolved);
  const { body } = control.unpack();
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
      reads: body.reads.map(fromReference),
      group: String(body.group ?? ''),
      skipHistory: body.skipHistory,
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
        id: fromReference(entry.id),
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
      reference: body.reference === null ? undefined : fromReference(body.reference),
      subscription: body.subscription === 0 ? undefined : body.subscription,
      call: body.call === 0 ? undefined : body.call,
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
  if (body instanceof WithheldT) {
    return { type: 'withheld', ...fromMissed(body), schemaId: fromReference(body.schemaId) };
  }
  if (body instanceof UnreadableT) {
    return {
      type: 'unreadable',
      anew: body.anew,
      schemaId: fromReference(body.schemaId),
      subscriptions: body.subscriptions,
    };
  }
  if (body instanceof RegisteredT) {
    return {
      type: 'registered',
      call: body.call,
      contract: String(body.contract),
      version: body.version,
      schemaId: fromReference(body.schemaId),
      isNew: body.isNew,
      unreadableBy: body.unreadableBy.map(String),
    };
  }
  if (body instanceof ResolveT) {
    return { type: 'resolve', call: body.call, schemaId: fromReference(body.schemaId) };
  }
  if (body instanceof ServeT) {
    return {
      type: 'serve',
      service: body.service,
      subject: String(body.subject),
      group: String(body.group ?? ''),
      version: String(body.version ?? ''),
      concurrency: body.concurrency,
      policy: body.policy,
      reads: body.reads.map(fromReference),
    };
  }
  if (body instanceof ServingT) return { type: 'serving', service: body.service };
  if (body instanceof UnserveT) return { type: 'unserve', service: body.service };
  if (body instanceof UnservedT) return { type: 'unserved', service: body.service };
  if (body instanceof CapacityT) {
    const { service, concurrency, ready } = body;
    return { type: 'capacity', service, concurrency, ready };
  }
  if (body instanceof GrantT) {
    return { type: 'grant', request: fromReference(body.request), replies: Number(body.replies) };
  }
  if (body instanceof ShareT) return { type: 'share', subscription: body.subscription };
  if (body instanceof ExplanationT) {
    return { type: 'explanation', request: fromReference(body.request), json: String(body.json) };
  }
  const aboutStreams = fromStreamBody(body);
  if (aboutStreams !== undefined) return aboutStreams;
  const goodbye = body as GoodbyeT;
  return {
    type: 'goodbye',
    code: goodbye.code,
    message: String(goodbye.message),
    graceMs: goodbye.graceMs,
  };
}

function fromRegister(register: Register): ControlMessage {
  return {
    type: 'register',
    call: register.call(),
    contract: String(register.contract()),
    root: String(register.root()),
    schema: register.schemaArray()!.slice(),
  };
}

function fromResolved(resolved: Resolved): ControlMessage {
  return {
    type: 'resolved',
    call: resolved.call(),
    contract: String(resolved.contract()),
    version: resolved.version(),
    schemaId: fromReference(resolved.schemaId()?.unpack() ?? null),
    root: String(resolved.root()),
    schema: resolved.schemaArray()!.slice(),
  };
}

function fromPosition(position: PositionT): SubjectPosition {
  return {
    subject: String(position.subject),
    epoch: Number(position.epoch),
    sequence: Number(position.sequence),
  };
}

function fromMissed(missed: MissedT | WithheldT): MissedRange {
  return {
    subject: String(missed.subject),
    epoch: Number(missed.epoch),
    first: Number(missed.first),
    last: Number(missed.last),
  };
}

const NO_ID = new Uint8Array(ID_BYTES);

function fromReference(reference: ReferenceT | null): Uint8Array {
  return reference === null ? NO_ID.slice() : Uint8Array.from(reference.bytes);
}
