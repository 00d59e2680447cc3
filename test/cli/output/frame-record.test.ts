import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameJson } from '../../../src/cli/output/frame-record.js';
import { ContentType, FrameWriter, openFrame } from '../../../src/codec/index.js';
import { frameFields, OPTIONAL_FIELDS, REQUIRED_FIELDS } from '../../support/frame-arbitrary.js';

const encoder = new TextEncoder();
const json = (fields: Parameters<FrameWriter['encode']>[0]) =>
  frameJson(openFrame(new FrameWriter().encode(fields)));

describe('a frame as JSON', () => {
  it('has every field that the frame has, readable', () => {
    const id = (byte: number) => new Uint8Array(16).fill(byte);
    const line = json({
      subject: 'features.user.42',
      id: id(1),
      publishedAt: 1_795_457_110_801_023,
      timeout: 5_000,
      contentType: ContentType.json,
      priority: 3,
      flags: 1 | 4 | 128,
      trace: { traceId: id(2), spanId: new Uint8Array(8).fill(3), flags: 1 },
      correlationId: id(4),
      causationId: id(5),
      schemaId: id(6),
      tracestate: 'a=b',
      baggage: 'c=d',
      experiment: 'ranking',
      variant: 'b',
      assignmentKey: 'user-42',
      headers: [
        ['tenant', 'x'],
        ['tenant', 'y'],
      ],
      payload: encoder.encode('{"age": 7}'),
    });
    expect(JSON.parse(line)).toEqual({
      subject: 'features.user.42',
      sequence: 0,
      epoch: 0,
      id: '01010101-0101-0101-0101-010101010101',
      traceId: '02'.repeat(16),
      spanId: '03'.repeat(8),
      traceFlags: 1,
      publishedAt: '2026-11-23T18:05:10.801023Z',
      timeout: 5_000,
      contentType: 'json',
      kind: 'message',
      priority: 3,
      flags: ['ack', 'replayed', 128],
      headers: [
        ['tenant', 'x'],
        ['tenant', 'y'],
      ],
      correlationId: '04040404-0404-0404-0404-040404040404',
      causationId: '05050505-0505-0505-0505-050505050505',
      schemaId: '06'.repeat(16),
      tracestate: 'a=b',
      baggage: 'c=d',
      experiment: 'ranking',
      variant: 'b',
      assignmentKey: 'user-42',
      payload: { age: 7 },
    });
  });

  it('lacks every field that the frame lacks', () => {
    const keys = Object.keys(JSON.parse(json({ subject: 'a', id: new Uint8Array(16), publishedAt: 0 })));
    expect(keys).toEqual([
      'subject',
      'sequence',
      'epoch',
      'id',
      'traceId',
      'spanId',
      'publishedAt',
      'contentType',
      'kind',
      'priority',
      'payload',
    ]);
  });

  it('has the stamp that the broker wrote', () => {
    const frame = openFrame(new FrameWriter().encode(REQUIRED_FIELDS));
    frame.stamp(7, 1_795_457_110_000_000, 1_795_457_110_801_023);
    expect(JSON.parse(frameJson(frame))).toMatchObject({
      sequence: 7,
      epoch: 1_795_457_110_000_000,
      brokerTime: '2026-11-23T18:05:10.801023Z',
    });
  });

  it('has numbers as text that JSON readers would not keep', () => {
    const frame = openFrame(new FrameWriter().encode({ ...REQUIRED_FIELDS, ...OPTIONAL_FIELDS }));
    frame.stamp(2 ** 53, 2 ** 60, 2 ** 62);
    const { sequence, epoch, brokerTime } = JSON.parse(frameJson(frame));
    expect([sequence, epoch, brokerTime]).toEqual([
      '9007199254740992',
      '1152921504606846976',
      '+148108-07-06T14:00:27.387904Z',
    ]);
  });

  it('has JSON payloads with all their digits, and anything else as base64', () => {
    const of = (contentType: ContentType, payload: string) =>
      json({ ...REQUIRED_FIELDS, contentType, payload: encoder.encode(payload) });
    expect(of(ContentType.json, '{"id":12345678901234567890}')).toContain(
      '"payload":{"id":12345678901234567890}}',
    );
    expect(of(ContentType.json, '{"id":')).toContain('"payload":{"base64":"eyJpZCI6"}}');
    expect(of(ContentType.bytes, '{"a":1}')).toContain('"payload":{"base64":"eyJhIjoxfQ=="}}');
  });

  it('is one line of JSON, whatever is in the frame', () => {
    fc.assert(
      fc.property(frameFields, (fields) => {
        const line = json(fields);
        expect(line).not.toMatch(/\p{Cc}/u);
        const read = JSON.parse(line);
        expect(read.subject).toBe(fields.subject);
        expect(read.headers ?? []).toEqual(fields.headers ?? []);
      }),
    );
  });
});
