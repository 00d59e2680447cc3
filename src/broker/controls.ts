import { decodeControl, isViolation } from '../codec/control.js';
import { type ControlMessage, type ControlOf, PROTOCOL_VERSION } from '../codec/control-message.js';
import type { Memory } from '../codec/memory.js';
import { ModwireError, toModwireError } from '../errors.js';
import { emit } from '../events.js';
import type { Limits } from '../limits.js';
import { VERSION } from '../version.js';
import type { Calls } from './calls/calls.js';
import { CLOSE_CODES } from './close-codes.js';
import type { Consuming } from './consumers/consuming.js';
import type { ContractCalls } from './contract-calls.js';
import type { DirectDelivery } from './direct-delivery.js';
import type { FanOut } from './fan-out.js';
import type { Session } from './session.js';
import { whenSettled } from './session-waits.js';
import type { Operations } from './streams/operations.js';
import type { Subscriptions } from './subscriptions.js';

/** Longest name a client may give itself. Characters. */
const MAX_NAME_LENGTH = 256;

export interface ControlsParts {
  readonly limits: Limits;
  readonly brokerName: string;
  readonly subscriptions: Subscriptions;
  readonly fanOut: FanOut;
  readonly direct: DirectDelivery;
  readonly contractCalls: ContractCalls;
  readonly calls: Calls;
  readonly operations: Operations;
  readonly consuming: Consuming;
  readonly sendAcks: () => void;
  /** A client has published its last frame to this broker. */
  readonly departing: (session: Session) => void;
}

/** Answers the control messages of clients. */
export class Controls {
  readonly #parts: ControlsParts;

  constructor(parts: ControlsParts) {
    this.#parts = parts;
  }

  handle(session: Session, memory: Memory, start: number, end: number): void {
    const message = decodeControl(memory, start, end);
    if (isViolation(message)) {
      this.#breach(session, new ModwireError('MALFORMED_FRAME', `not a control message: ${message.text}`));
    } else if (message.type === 'hello') this.#hello(session, message);
    else if (!session.welcomed) this.#breach(session, outOfPlace(message, 'hello'));
    else this.#welcomed(session, message);
  }

  #hello(session: Session, hello: ControlOf<'hello'>): void {
    if (session.welcomed) {
      this.#breach(session, outOfPlace(hello, 'one hello a session'));
      return;
    }
    if (hello.protocol !== PROTOCOL_VERSION) {
      const error = new ModwireError('UNIMPLEMENTED', {
        what: 'protocol version not supported',
        expected: String(PROTOCOL_VERSION),
        got: String(hello.protocol),
        advice: 'use a client and a broker that have a version in common',
      });
      this.#breach(session, error);
      return;
    }
    if (hello.clientName.length === 0 || hello.clientName.length > MAX_NAME_LENGTH) {
      const error = new ModwireError('INVALID_ARGUMENT', {
        what: 'not a client name',
        expected: `1 to ${MAX_NAME_LENGTH} characters`,
        got: `${hello.clientName.length} characters`,
      });
      this.#breach(session, error);
      return;
    }
    session.name = hello.clientName;
    const { limits } = this.#parts;
    session.send({
      type: 'welcome',
      protocol: PROTOCOL_VERSION,
      brokerName: this.#parts.brokerName,
      brokerVersion: VERSION,
      session: session.memberId,
      heartbeatMs: limits.heartbeatMs,
      maxFrameBytes: limits.maxFrameBytes,
      maxBatchBytes: limits.maxBatchBytes,
      maxSubscriptions: limits.maxSubscriptions,
      publishWindowBytes: limits.publishWindowBytes,
    });
    emit('modwire:session.open', () => ({ session: session.memberId, client: session.name }));
  }

  #welcomed(session: Session, message: ControlMessage): void {
    switch (message.type) {
      case 'subscribe':
        this.#attempt(session, { subscription: message.subscription }, () =>
          this.#parts.subscriptions.subscribe(session, message),
        );
        break;
      case 'unsubscribe':
        this.#attempt(session, { subscription: message.subscription }, () =>
          this.#parts.subscriptions.unsubscribe(session, message.subscription),
        );
        break;
      case 'ping':
        // A pong says that everything before the ping has been dealt with, acknowledgements included.
        whenSettled(session, () => {
          if (session.closed) return;
          this.#parts.fanOut.flush();
          this.#parts.direct.flushSession(session);
          this.#parts.sendAcks();
          session.send({ type: 'pong', nonce: message.nonce });
        });
        break;
      case 'register':
        this.#parts.contractCalls.register(session, message);
        break;
      case 'resolve':
        this.#parts.contractCalls.resolve(session, message);
        break;
      case 'manage':
        this.#parts.operations.manage(session, message);
        break;
      case 'consume':
        this.#attempt(session, { call: message.consumer }, () =>
          this.#parts.consuming.consume(session, message),
        );
        break;
      case 'unconsume':
        this.#parts.consuming.unconsume(session, message.consumer);
        break;
      case 'settle':
        this.#attempt(session, { call: message.consumer }, () =>
          this.#parts.consuming.settle(session, message),
        );
        break;
      case 'serve':
        this.#attempt(session, { call: message.service }, () => this.#parts.calls.serve(session, message));
        break;
      case 'unserve':
        this.#attempt(session, { call: message.service }, () =>
          this.#parts.calls.unserve(session, message.service),
        );
        break;
      case 'capacity':
        this.#attempt(session, { call: message.service }, () => this.#parts.calls.capacity(session, message));
        break;
      case 'grant':
        this.#parts.calls.grant(session, message);
        break;
      case 'pong':
        break;
      case 'goodbye':
        this.#parts.departing(session);
        break;
      default:
        this.#breach(session, outOfPlace(message, 'a message that clients send'));
    }
  }

  /** `about` says in the answer what it was that was refused. */
  #attempt(session: Session, about: { subscription?: number; call?: number }, action: () => void): void {
    try {
      action();
    } catch (thrown) {
      const error = toModwireError(thrown);
      emit('modwire:refused', () => ({
        session: session.memberId,
        code: error.code,
        message: error.message,
      }));
      session.send({ type: 'failure', code: error.row.number, message: error.message, ...about });
    }
  }

  #breach(session: Session, error: ModwireError): void {
    emit('modwire:refused', () => ({ session: session.memberId, code: error.code, message: error.message }));
    session.send({ type: 'failure', code: error.row.number, message: error.message });
    session.disconnect(CLOSE_CODES.PROTOCOL_VIOLATION, error.code);
  }
}

function outOfPlace(message: ControlMessage, expected: string): ModwireError {
  return new ModwireError('PROTOCOL_VIOLATION', {
    what: 'control message out of place',
    expected,
    got: message.type,
  });
}
