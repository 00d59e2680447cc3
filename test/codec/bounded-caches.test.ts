import { describe, expect, it } from 'vitest';
import { FrameVerifier, FrameView, FrameWriter, Memory } from '../../src/codec/index.js';

const ID = new Uint8Array(16).fill(7);
const TRACE = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2), flags: 1 };

describe('the writer', () => {
  it('keeps no more templates than it was told, and writes the same frames with or without them', () => {
    const bounded = new FrameWriter(4);
    const fresh = () => new FrameWriter();
    for (let round = 0; round < 3; round++) {
      for (let subject = 0; subject < 50; subject++) {
        const fields = { subject: `subject.${subject}`, id: ID, publishedAt: 5, payload: ID };
        expect(bounded.encode(fields)).toEqual(fresh().encode(fields));
        expect(bounded.templateCount).toBeLessThanOrEqual(4);
      }
    }
  });
});

describe('the verifier', () => {
  it('reads frames of many shapes rightly, however they are interleaved, and retained views keep theirs', () => {
    const writer = new FrameWriter();
    const frames = Array.from({ length: 64 }, (_, bits) =>
      writer.encode({
        subject: 'shapes',
        id: ID,
        publishedAt: bits,
        payload: bits & 1 ? ID : undefined,
        trace: bits & 2 ? TRACE : undefined,
        correlationId: bits & 4 ? ID : undefined,
        schemaId: bits & 8 ? ID : undefined,
        variant: bits & 16 ? 'b' : undefined,
        headers: bits & 32 ? [['name', 'value']] : undefined,
      }),
    );
    const verifier = new FrameVerifier();
    const view = new FrameView();
    const check = (frame: FrameView, bits: number) => {
      expect(frame.publishedAt).toBe(bits);
      expect(frame.payloadLength).toBe(bits & 1 ? 16 : 0);
      expect(frame.traceId).toEqual(bits & 2 ? TRACE.traceId : ID);
      expect(frame.correlationId).toEqual(bits & 4 ? ID : undefined);
      expect(frame.schemaId).toEqual(bits & 8 ? ID : undefined);
      expect(frame.variant).toBe(bits & 16 ? 'b' : undefined);
      expect(frame.headers).toEqual(bits & 32 ? [['name', 'value']] : []);
    };
    const retained: FrameView[] = [];
    for (const stride of [1, 5, 7, 31]) {
      for (let step = 0; step < 64; step++) {
        const bits = (step * stride) % 64;
        const bytes = frames[bits]!;
        expect(verifier.verify(new Memory(bytes), 0, bytes.length, view)).toBe(true);
        check(view, bits);
        retained.push(view.retain());
      }
    }
    for (const frame of retained) check(frame, frame.publishedAt);
  });
});
