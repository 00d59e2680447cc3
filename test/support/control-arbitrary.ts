import fc from 'fast-check';
import type { ControlMessage } from '../../src/codec/control-message.js';
import { bytesOf, text } from './frame-arbitrary.js';

const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const number = fc.integer({ min: 1, max: 0xffffffff });
const schema = fc.uint8Array({ maxLength: 64 });
const u53 = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 2 ** 32, 2 ** 53 - 1));
const position = fc.record({ subject: text(), epoch: u53, sequence: u53 });
const missed = fc.record({ subject: text(), epoch: u53, first: u53, last: u53 });
const positions = fc.array(position, { maxLength: 5 });
const misses = fc.array(missed, { maxLength: 5 });
const offsets = fc.array(fc.record({ first: u53, last: u53 }), { maxLength: 5 });
const entries = fc.array(fc.record({ id: bytesOf(16), epoch: u53, sequence: u53 }), { maxLength: 5 });

type Type = ControlMessage['type'];
const message = <T extends Type>(type: T, fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ type: fc.constant(type), ...fields }) as fc.Arbitrary<Extract<ControlMessage, { type: T }>>;

/** Messages of each type with any values. */
export const CONTROL_MESSAGES: { readonly [T in Type]: fc.Arbitrary<Extract<ControlMessage, { type: T }>> } =
  {
    hello: message('hello', { protocol: u16, clientName: text(), clientVersion: text() }),
    welcome: message('welcome', {
      protocol: u16,
      brokerName: text(),
      brokerVersion: text(),
      session: u53,
      heartbeatMs: u32,
      maxFrameBytes: u32,
      maxBatchBytes: u32,
      maxSubscriptions: u32,
      publishWindowBytes: u32,
    }),
    subscribe: message('subscribe', {
      subscription: u32,
      filter: text(),
      resume: fc.boolean(),
      complete: fc.boolean(),
      positions,
      reads: fc.array(bytesOf(16), { maxLength: 4 }),
      group: text(),
      skipHistory: fc.boolean(),
    }),
    subscribed: message('subscribed', {
      subscription: u32,
      positions,
      complete: fc.boolean(),
      missed: misses,
    }),
    unsubscribe: message('unsubscribe', { subscription: u32 }),
    unsubscribed: message('unsubscribed', { subscription: u32 }),
    ack: message('ack', { entries }),
    credit: message('credit', { bytes: u53 }),
    failure: message('failure', {
      code: u16,
      message: text(),
      reference: fc.option(bytesOf(16), { nil: undefined }),
      subscription: fc.option(number, { nil: undefined }),
      call: fc.option(number, { nil: undefined }),
    }),
    slow: message('slow', { bufferedBytes: u53, limitBytes: u53, missed: misses }),
    gap: message('gap', { missed: misses }),
    ping: message('ping', { nonce: u53 }),
    pong: message('pong', { nonce: u53 }),
    goodbye: message('goodbye', { code: u16, message: text(), graceMs: u32 }),
    withheld: message('withheld', {
      ...{ subject: text(), epoch: u53, first: u53, last: u53 },
      schemaId: bytesOf(16),
    }),
    unreadable: message('unreadable', {
      anew: fc.boolean(),
      schemaId: bytesOf(16),
      subscriptions: fc.array(u32, { maxLength: 4 }),
    }),
    register: message('register', { call: u32, contract: text(), root: text(), schema }),
    registered: message('registered', {
      call: u32,
      contract: text(),
      version: u32,
      schemaId: bytesOf(16),
      isNew: fc.boolean(),
      unreadableBy: fc.array(text(), { maxLength: 4 }),
    }),
    resolve: message('resolve', { call: u32, schemaId: bytesOf(16) }),
    resolved: message('resolved', {
      call: u32,
      contract: text(),
      version: u32,
      schemaId: bytesOf(16),
      root: text(),
      schema,
    }),
    serve: message('serve', {
      service: u32,
      subject: text(),
      group: text(),
      version: text(),
      concurrency: u32,
      policy: fc.nat(255),
      reads: fc.array(bytesOf(16)),
    }),
    serving: message('serving', { service: u32 }),
    unserve: message('unserve', { service: u32 }),
    unserved: message('unserved', { service: u32 }),
    capacity: message('capacity', { service: u32, concurrency: u32, ready: fc.boolean() }),
    grant: message('grant', { request: bytesOf(16), replies: u53 }),
    share: message('share', { subscription: u32 }),
    explanation: message('explanation', { request: bytesOf(16), json: text() }),
    consume: message('consume', {
      ...{ consumer: u32, stream: text(), name: text(), options: text() },
      ...{ capacity: u32, windowBytes: u32 },
    }),
    consuming: message('consuming', { consumer: u32, json: text() }),
    handout: message('handout', {
      consumer: u32,
      offsets,
      attempts: fc.array(u16, { maxLength: 5 }),
    }),
    settle: message('settle', {
      ...{ consumer: u32, verdict: fc.nat(255), offsets, delayMs: u32, reason: text() },
    }),
    lost: message('lost', { consumer: u32, first: u53, last: u53, code: u16, message: text() }),
    unconsume: message('unconsume', { consumer: u32 }),
    unconsumed: message('unconsumed', { consumer: u32 }),
    finished: message('finished', { consumer: u32, code: u16, message: text() }),
    manage: message('manage', { call: u32, operation: text(), json: text() }),
    managed: message('managed', { call: u32, json: text() }),
  };

export const CONTROL_TYPES = Object.keys(CONTROL_MESSAGES) as Type[];

const id = (byte: number) => new Uint8Array(16).fill(byte);
const somePositions = [
  { subject: 'a.b', epoch: 7, sequence: 9 },
  { subject: 'größe', epoch: 8, sequence: 1 },
];
const someMissed = [
  { subject: 'a.b', epoch: 7, first: 10, last: 20 },
  { subject: 'c', epoch: 7, first: 1, last: 0 },
];
const someOffsets = [
  { first: 5, last: 7 },
  { first: 9, last: 9 },
];

/** One message of each type with every field set, to break byte by byte. */
export const CONTROL_SAMPLES: readonly ControlMessage[] = [
  { type: 'hello', protocol: 1, clientName: 'client', clientVersion: '1.2.3' },
  {
    type: 'welcome',
    protocol: 1,
    brokerName: 'broker',
    brokerVersion: '1.2.3',
    session: 77,
    heartbeatMs: 1000,
    maxFrameBytes: 1 << 20,
    maxBatchBytes: 1 << 21,
    maxSubscriptions: 100,
    publishWindowBytes: 1 << 22,
  },
  {
    type: 'subscribe',
    subscription: 3,
    filter: 'a.*.>',
    resume: true,
    complete: true,
    positions: somePositions,
    reads: [id(4), id(5)],
    group: 'größe',
    skipHistory: true,
  },
  { type: 'subscribed', subscription: 3, positions: somePositions, complete: true, missed: someMissed },
  { type: 'unsubscribe', subscription: 3 },
  { type: 'unsubscribed', subscription: 3 },
  {
    type: 'ack',
    entries: [
      { id: id(1), epoch: 7, sequence: 1 },
      { id: id(2), epoch: 7, sequence: 2 },
    ],
  },
  { type: 'credit', bytes: 123456 },
  { type: 'failure', code: 8, message: 'too much', reference: id(3), subscription: 3, call: 4 },
  { type: 'slow', bufferedBytes: 1 << 24, limitBytes: 1 << 23, missed: someMissed },
  { type: 'gap', missed: someMissed },
  { type: 'ping', nonce: 5 },
  { type: 'pong', nonce: 5 },
  { type: 'goodbye', code: 14, message: 'restarting', graceMs: 10_000 },
  { type: 'withheld', subject: 'a.b', epoch: 7, first: 10, last: 20, schemaId: id(6) },
  { type: 'unreadable', anew: true, schemaId: id(6), subscriptions: [3, 4] },
  { type: 'register', call: 9, contract: 'scores', root: 'ml.Score', schema: id(7) },
  {
    type: 'registered',
    call: 9,
    contract: 'scores',
    version: 2,
    schemaId: id(8),
    isNew: true,
    unreadableBy: ['trainer', 'größe'],
  },
  { type: 'resolve', call: 10, schemaId: id(8) },
  {
    type: 'resolved',
    call: 10,
    contract: 'scores',
    version: 2,
    schemaId: id(8),
    root: 'ml.Score',
    schema: id(7),
  },
  {
    type: 'serve',
    service: 11,
    subject: 'models.*.infer',
    group: 'gpu',
    version: '1.2.3',
    concurrency: 8,
    policy: 2,
    reads: [id(4), id(5)],
  },
  { type: 'serving', service: 11 },
  { type: 'unserve', service: 11 },
  { type: 'unserved', service: 11 },
  { type: 'capacity', service: 11, concurrency: 4, ready: true },
  { type: 'grant', request: id(9), replies: 640 },
  { type: 'share', subscription: 3 },
  { type: 'explanation', request: id(9), json: '{"subject":"größe"}' },
  {
    ...{ type: 'consume', consumer: 4, stream: 'orders', name: 'biller', options: '{"from":1}' },
    ...{ capacity: 64, windowBytes: 1 << 20 },
  },
  { type: 'consuming', consumer: 4, json: '{"from":1}' },
  { type: 'handout', consumer: 4, offsets: someOffsets, attempts: [1, 2, 1, 3] },
  { type: 'settle', consumer: 4, verdict: 1, offsets: someOffsets, delayMs: 500, reason: 'größe' },
  { type: 'lost', consumer: 4, first: 9, last: 11, code: 15, message: 'damaged' },
  { type: 'unconsume', consumer: 4 },
  { type: 'unconsumed', consumer: 4 },
  { type: 'finished', consumer: 4, code: 5, message: 'gone' },
  { type: 'manage', call: 12, operation: 'streams.info', json: '{"name":"orders"}' },
  { type: 'managed', call: 12, json: '{"records":7}' },
];
