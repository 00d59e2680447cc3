import {
  ContentType,
  type ControlMessage,
  encodeControl,
  type FrameFields,
  FrameWriter,
  Kind,
} from 'modwire/codec';
import { type Specimen, specimenOf } from './specimen.js';

const id = (first: number) => Uint8Array.from({ length: 16 }, (_, index) => (first + index) & 0xff);

const REQUIRED = { subject: 'fuzz.models.ranker', id: id(1), publishedAt: 1_700_000_000_123_456 };
const PAYLOAD = Uint8Array.from({ length: 64 }, (_, index) => index);
const TRACE = { traceId: id(16), spanId: id(48).subarray(0, 8), flags: 1 };

const FRAMES: readonly FrameFields[] = [
  REQUIRED,
  { ...REQUIRED, payload: PAYLOAD, contentType: ContentType.tensor },
  { ...REQUIRED, payload: PAYLOAD, trace: TRACE, kind: Kind.request, timeout: 250_000 },
  { ...REQUIRED, subject: 'größe.サイズ', correlationId: id(64), causationId: id(80), schemaId: id(96) },
  { ...REQUIRED, payload: PAYLOAD, experiment: 'ranker', variant: 'β', assignmentKey: 'user-42' },
  {
    ...REQUIRED,
    headers: [
      ['tenant', 'acme'],
      ['größe', '🐘'],
    ],
  },
  {
    ...REQUIRED,
    payload: PAYLOAD,
    trace: TRACE,
    correlationId: id(64),
    causationId: id(80),
    schemaId: id(96),
    tracestate: 'vendor=value',
    baggage: 'user=42',
    experiment: 'ranker',
    variant: 'β',
    assignmentKey: 'user-42',
    headers: Array.from({ length: 5 }, (_, index) => [`name-${index}`, 'value'.repeat(index)] as const),
  },
];

const MISSED = [{ subject: 'fuzz.a', epoch: 7, first: 10, last: 20 }];
const POSITIONS = [
  { subject: 'fuzz.a', epoch: 7, sequence: 9 },
  { subject: 'größe', epoch: 8, sequence: 1 },
];

/** What a client may send after its hello. A broker must bear the others too. */
const CONTROLS: readonly ControlMessage[] = [
  {
    type: 'subscribe',
    subscription: 3,
    filter: 'fuzz.*.>',
    resume: true,
    complete: true,
    positions: POSITIONS,
    reads: [new Uint8Array(16).fill(7)],
    group: 'fuzzers',
    skipHistory: true,
  },
  {
    ...({ type: 'consume', consumer: 4, stream: 'fuzz', name: '', options: '{"from":"all"}' } as const),
    ...{ capacity: 8, windowBytes: 65_536 },
  },
  {
    ...({ type: 'settle', consumer: 4, verdict: 1, offsets: [{ first: 1, last: 3 }] } as const),
    ...{ delayMs: 5, reason: 'why' },
  },
  { type: 'unconsume', consumer: 4 },
  { type: 'manage', call: 9, operation: 'streams.info', json: '{"name":"fuzz"}' },
  { type: 'unsubscribe', subscription: 3 },
  { type: 'ping', nonce: 5 },
  { type: 'hello', protocol: 1, clientName: 'fuzz', clientVersion: '0' },
  { type: 'subscribed', subscription: 3, positions: POSITIONS, complete: true, missed: MISSED },
  { type: 'failure', code: 8, message: 'too much', reference: id(1), subscription: 3 },
  { type: 'ack', entries: [{ id: id(1), epoch: 7, sequence: 1 }] },
  { type: 'gap', missed: MISSED },
  { type: 'goodbye', code: 14, message: 'restarting', graceMs: 10_000 },
];

const writer = new FrameWriter();

/** Real frames of every kind, small, so that most of their bytes matter. */
export const FRAME_SPECIMENS: readonly Specimen[] = FRAMES.map((fields) => specimenOf(writer.encode(fields)));

export const CONTROL_SPECIMENS: readonly Specimen[] = CONTROLS.map((message) =>
  specimenOf(encodeControl(message)),
);
