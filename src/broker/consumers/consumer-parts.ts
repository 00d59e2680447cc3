import type { Limits } from '../../limits.js';
import type { Admission } from '../admission.js';
import { nowMicros } from '../clock.js';
import type { Session } from '../session.js';
import type { Captures } from '../streams/captures.js';
import { Consumers } from './consumers.js';
import { Consuming } from './consuming.js';
import { DeadLetters } from './dead-letters.js';
import { Handouts } from './handouts.js';
import { Turns } from './turns.js';

export interface ConsumerSurroundings {
  readonly limits: Limits;
  readonly captures: Captures;
  readonly admission: Pick<Admission, 'publish'>;
  /** Whether a session has taken enough of what it was sent to be sent more. */
  readonly hasRoom: (session: Session) => boolean;
  readonly draining: () => boolean;
}

export interface ConsumerParts {
  readonly consumers: Consumers;
  readonly consuming: Consuming;
  readonly turns: Turns;
}

/** What sends records of streams to those who ask for them. Throws DATA_LOSS when what is kept of a consumer cannot be read. */
export function assembleConsumers(surroundings: ConsumerSurroundings): ConsumerParts {
  const { limits, captures, admission, hasRoom, draining } = surroundings;
  const nowMs = () => Math.floor(nowMicros() / 1000);
  const turns = new Turns(nowMs);
  const taking = {
    ...{ turns, nowMs, handouts: new Handouts(limits) },
    hasRoom: (session: Session) => !session.closed && !session.deaf && !draining() && hasRoom(session),
  };
  const consumers = new Consumers({
    ...{ ...taking, limits, captures, random: Math.random },
    deadLetters: new DeadLetters((bytes) => admission.publish(bytes)),
  });
  const consuming = new Consuming({ ...taking, limits, captures, consumers, draining });
  return { consumers, consuming, turns };
}
