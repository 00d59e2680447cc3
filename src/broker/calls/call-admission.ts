import { ID_BYTES } from '../../codec/frame-layout.js';
import { FrameSlab } from '../../codec/frame-slab.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { idPlace } from '../../codec/id-places.js';
import { isReserved } from '../../codec/subject.js';
import { headerPlace, textPlace } from '../../codec/text-places.js';
import { decodeUtf8, encodeUtf8 } from '../../codec/utf8.js';
import { VERSION_HEADER } from '../../codec/version-header.js';
import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { IdMap } from '../../routing/calls/id-map.js';
import { keyHash } from '../../routing/calls/sticky-keys.js';
import { frameTooLarge } from '../admission.js';
import { exactMs } from '../clock.js';
import { reserved } from '../contract-gates.js';
import { Call } from './call.js';
import type { CallRouting } from './call-routing.js';
import { type Eligibility, inRange } from './eligibility.js';
import type { BrokerCall, BrokerCaller } from './worker-group.js';

export interface CallAdmissionParts {
  readonly limits: Limits;
  readonly ids: IdMap<BrokerCall>;
  readonly routing: Pick<CallRouting, 'open' | 'bytes'>;
  readonly draining: () => boolean;
}

/** A request that takes long keeps so much alive. Bytes. */
const SLAB_BYTES = 8 * 1024;

const VERSION_HEADER_BYTES = encodeUtf8(VERSION_HEADER);

/** Holds requests against the broker's bounds. */
export class CallAdmission {
  readonly #parts: CallAdmissionParts;
  readonly #slab = new FrameSlab(SLAB_BYTES);

  constructor(parts: CallAdmissionParts) {
    this.#parts = parts;
  }

  /** The call that a request begins, whose frame is borrowed until it is kept. Throws what refuses it. */
  admit(caller: BrokerCaller, frame: FrameView): BrokerCall {
    const { limits, ids, routing, draining } = this.#parts;
    const { subject, timeout } = frame;
    if (isReserved(subject)) throw reserved(subject);
    if (frame.byteLength > limits.maxFrameBytes) throw frameTooLarge(frame.byteLength, limits);
    if (draining()) {
      throw new ModwireError('REJECTED', { what: 'the broker stops', advice: 'connect elsewhere' });
    }
    const maxTimeout = limits.maxRequestTimeoutMs;
    if (timeout > maxTimeout * 1000) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'timeout too long',
        expected: `at most maxRequestTimeoutMs = ${maxTimeout}`,
        got: `${timeout} µs`,
        where: `subject ${subject}`,
      });
    }
    if (routing.open >= limits.maxCalls) throw tooMany('maxCalls', limits.maxCalls, subject);
    if (caller.calls.size >= limits.maxSessionCalls) {
      throw tooMany('maxSessionCalls', limits.maxSessionCalls, subject);
    }
    if (routing.bytes + frame.byteLength > limits.maxCallBytes) {
      throw tooMany('maxCallBytes', limits.maxCallBytes, subject);
    }
    if (ids.find(frame.memory.u8, idPlace(frame)) !== undefined) {
      throw new ModwireError('ALREADY_EXISTS', {
        what: 'a request with this id is under way',
        expected: 'an id of its own',
        where: `subject ${subject}`,
      });
    }
    const begunAt = exactMs();
    const deadlineMs =
      Math.floor(begunAt) + (timeout === 0 ? limits.requestTimeoutMs : Math.ceil(timeout / 1000));
    const eligibility = askedFor(frame);
    const call: BrokerCall = new Call(
      ...([caller, frame, begunAt, deadlineMs, hashOf(frame), isIdempotent(frame.flags)] as const),
    );
    call.eligibility = eligibility;
    return call;
  }

  /** Gives a call a copy of its own of the frame that it has borrowed. */
  keep(call: BrokerCall): void {
    call.frame = this.#slab.copy(call.frame) ?? call.frame.copy();
  }
}

/** Whom a request asks for; undefined when it takes anybody. Throws INVALID_ARGUMENT. */
function askedFor(frame: FrameView): Eligibility | undefined {
  const place = headerPlace(frame, VERSION_HEADER_BYTES);
  if (place < 0) return undefined;
  const { data, u8 } = frame.memory;
  return inRange(decodeUtf8(u8, place + 4, place + 4 + data.getUint32(place, true)));
}

/** Whether a request may be processed more than once. */
function isIdempotent(flags: number): boolean {
  return (flags & FrameFlags.idempotent) !== 0;
}

/** Who has no key has one of its own. */
function hashOf(frame: FrameView): number {
  const { memory } = frame;
  const idAt = idPlace(frame);
  const place = textPlace(frame, 'assignmentKey');
  if (place < 0) return keyHash(memory.u8, idAt, idAt + ID_BYTES);
  return keyHash(memory.u8, place + 4, place + 4 + memory.data.getUint32(place, true));
}

function tooMany(limit: string, bound: number, subject: string): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'too many requests without an end',
    expected: `at most ${limit} = ${bound}`,
    got: 'one more',
    where: `subject ${subject}`,
    advice: 'wait for some to end',
  });
}
