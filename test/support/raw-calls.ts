import { expect } from 'vitest';
import type { Broker, BrokerStats } from '../../src/broker/index.js';
import type { ControlOf } from '../../src/codec/control-message.js';
import type { FrameView } from '../../src/codec/frame-view.js';
import { FrameFlags } from '../../src/codec/generated/modwire/frame-flags.js';
import { Kind } from '../../src/codec/generated/modwire/kind.js';
import type { FrameFields } from '../../src/codec/index.js';
import { IdGenerator, toHex } from '../../src/codec/message-id.js';
import { eventually } from './broker-eventually.js';
import { frameOf, type RawClient } from './raw-client.js';

const ids = new IdGenerator();

/** How a request ended: `reply`, or the code of its error. */
export type End = string;

export const IDEMPOTENT: Partial<FrameFields> = { flags: FrameFlags.idempotent };

/** Makes a raw client a worker, and waits until it is one. Without more: one request at once, of subject `s`. */
export async function serve(client: RawClient, more: Partial<ControlOf<'serve'>> = {}): Promise<void> {
  const message = {
    ...({ type: 'serve', service: 1, subject: 's', group: '', version: '' } as const),
    ...{ concurrency: 1, policy: 0, reads: [], ...more },
  };
  client.control(message);
  await client.next('serving', ({ service }) => service === message.service);
}

export function newId(): Uint8Array {
  const id = new Uint8Array(16);
  ids.nextId(id, Date.now());
  return id;
}

/** A request as a frame. Times are in microseconds. */
export function requestOf(subject: string, id: Uint8Array, fields: Partial<FrameFields> = {}): Uint8Array {
  return frameOf(subject, { id, kind: Kind.request, timeout: 60_000_000, ...fields });
}

/** Makes a request and returns its id. */
export function request(client: RawClient, subject = 's', fields: Partial<FrameFields> = {}): Uint8Array {
  const id = newId();
  client.send(requestOf(subject, id, fields));
  return id;
}

export function cancel(client: RawClient, id: Uint8Array, subject = 's'): void {
  client.publish(subject, { kind: Kind.cancel, correlationId: id });
}

/** What a worker was handed, by attempt. */
export function handed(worker: RawClient): FrameView[] {
  return worker.frames.filter(({ kind }) => kind === Kind.request);
}

/** Ids of the requests that a worker was told to give up. */
export function cancelled(worker: RawClient): string[] {
  return worker.frames.filter(({ kind }) => kind === Kind.cancel).map(correlationOf);
}

/** Waits until a worker has been handed so many requests in all, and returns the last. */
export async function nextHanded(worker: RawClient, count = 1): Promise<FrameView> {
  await eventually(`${count} requests at the worker`, () => handed(worker).length >= count);
  return handed(worker)[count - 1]!;
}

type Asked = Pick<FrameView, 'id' | 'subject'>;

/** A reply as a frame. */
export function replyOf({ id, subject }: Asked, fields: Partial<FrameFields> = {}): Uint8Array {
  return frameOf(subject, { kind: Kind.reply, correlationId: id, ...fields });
}

export function reply(worker: RawClient, asked: Asked, fields: Partial<FrameFields> = {}): void {
  worker.send(replyOf(asked, fields));
}

/** A part of a stream of replies. */
export function replyPart(worker: RawClient, asked: Asked, fields: Partial<FrameFields> = {}): void {
  reply(worker, asked, { flags: FrameFlags.more, ...fields });
}

export function fail(worker: RawClient, { id, subject }: Asked, code = 'INTERNAL', message = ''): void {
  const headers: [string, string][] = [
    ['modwire-code', code],
    ['modwire-message', message],
  ];
  worker.publish(subject, { kind: Kind.error, correlationId: id, headers });
}

/** Everything that a caller was sent for a request. */
export function answersTo(caller: RawClient, id: Uint8Array): FrameView[] {
  return caller.frames.filter(
    (frame) => frame.correlationId !== undefined && toHex(frame.correlationId) === toHex(id),
  );
}

/** The ends that a request has had so far. */
export function endsOf(caller: RawClient, id: Uint8Array): End[] {
  return answersTo(caller, id)
    .filter(({ flags }) => (flags & FrameFlags.more) === 0)
    .map((frame) => (frame.kind === Kind.reply ? 'reply' : headerOf(frame, 'modwire-code')));
}

/** Waits for the end of a request; fails when it has more than one. */
export async function endOf(caller: RawClient, id: Uint8Array): Promise<End> {
  await eventually('the end of a request', () => endsOf(caller, id).length > 0);
  const ends = endsOf(caller, id);
  expect(ends).toHaveLength(1);
  return ends[0]!;
}

/** What an error says. */
export function messageOf(caller: RawClient, id: Uint8Array): string {
  return headerOf(answersTo(caller, id).at(-1)!, 'modwire-message');
}

/** What an error says of whether the request may have been started; empty where its code says so by itself. */
export function startedOf(caller: RawClient, id: Uint8Array): string {
  return headerOf(answersTo(caller, id).at(-1)!, 'modwire-may-have-started');
}

/** Waits until a broker knows of no request any more. */
export async function noCallsLeft(broker: Broker): Promise<void> {
  const left = ({ calls, waitingBytes }: BrokerStats) => [
    ...[calls.open, calls.waiting, calls.lingering, waitingBytes],
  ];
  await eventually('no calls left', () => left(broker.stats()).every((count) => count === 0)).catch(() =>
    expect(left(broker.stats())).toEqual([0, 0, 0, 0]),
  );
}

export function correlationOf({ correlationId }: FrameView): string {
  return toHex(correlationId!);
}

function headerOf(frame: FrameView, name: string): string {
  return frame.headers.find(([one]) => one === name)?.[1] ?? '';
}
