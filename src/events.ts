import { channel } from 'node:diagnostics_channel';
import type { MissedRange } from './codec/control-message.js';
import type { ErrorCode } from './errors.js';

/** What happens in a broker and others may listen to. Without a listener an event costs a comparison. */
export interface BrokerEvents {
  'modwire:session.open': { session: number; client: string };
  'modwire:session.close': { session: number; client: string; code: number };
  /** `group` is undefined when the subscription gets everything. */
  'modwire:subscription.open': {
    session: number;
    subscription: number;
    filter: string;
    group: string | undefined;
  };
  'modwire:subscription.close': {
    session: number;
    subscription: number;
    filter: string;
    group: string | undefined;
  };
  'modwire:subject.open': { subject: string; epoch: number };
  'modwire:subject.close': { subject: string; epoch: number };
  /** A frame, subscription or session was refused. */
  'modwire:refused': { session: number; code: ErrorCode; message: string };
  'modwire:consumer.slow': { session: number; bufferedBytes: number };
  'modwire:consumer.resumed': { session: number; missed: readonly MissedRange[] };
  /** A record was given up by a durable consumer, and is settled; `subject` is where its dead letter went, empty for none. */
  'modwire:consumer.dead-letter': {
    stream: string;
    consumer: string;
    offset: number;
    attempts: number;
    cause: 'attempts' | 'terminated';
    reason: string;
    subject: string;
  };
  /** Frames that some consumers cannot read were kept from them: sequences `first` to `last`. */
  'modwire:withheld': {
    subject: string;
    epoch: number;
    first: number;
    last: number;
    sessions: readonly number[];
  };
  /** An experiment was put there or changed, or is there no more. */
  'modwire:experiment': { experiment: string; revision: number; running: boolean };
  /** A request or an answer that a stream was to record, and could not take. */
  'modwire:stream.not-recorded': { stream: string; code: ErrorCode; message: string };
  'modwire:drain': { sessions: number };
}

export type BrokerEventName = keyof BrokerEvents;

const CHANNELS = new Map<string, ReturnType<typeof channel>>();

function channelOf(name: string): ReturnType<typeof channel> {
  let found = CHANNELS.get(name);
  if (found === undefined) {
    found = channel(name);
    CHANNELS.set(name, found);
  }
  return found;
}

/** Tells the listeners; `detail` is only made when there are some. */
export function emit<Name extends BrokerEventName>(name: Name, detail: () => BrokerEvents[Name]): void {
  const target = channelOf(name);
  if (target.hasSubscribers) target.publish(detail());
}

/** Listens until the returned function is called. */
export function listen<Name extends BrokerEventName>(
  name: Name,
  listener: (detail: BrokerEvents[Name]) => void,
): () => void {
  const target = channelOf(name);
  const handler = (message: unknown) => listener(message as BrokerEvents[Name]);
  target.subscribe(handler);
  return () => target.unsubscribe(handler);
}
