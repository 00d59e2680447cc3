import { describe, expect, it } from 'vitest';
import { payloadText } from '../../../src/cli/output/payload-text.js';
import { ContentType, FrameWriter, openFrame } from '../../../src/codec/index.js';
import { REQUIRED_FIELDS } from '../../support/frame-arbitrary.js';

const { bytes, json, tensor } = ContentType;

function shown(contentType: number, payload: string | Uint8Array): string {
  const given = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
  return payloadText(
    openFrame(new FrameWriter().encode({ ...REQUIRED_FIELDS, contentType, payload: given })),
  );
}

describe('a payload for people', () => {
  it.each<[string, number, string | Uint8Array, string]>([
    ['JSON as it is', json, '{"age":7}', '{"age":7}'],
    ['JSON on one line', json, '{\n  "age": 7\n}', '{ "age": 7 }'],
    ['what is said to be JSON and is not as bytes', json, '{age', '<4 bytes of json: 7b 61 67 65>'],
    ['text as it is', bytes, 'héllo 東京', 'héllo 東京'],
    ['text of two lines on one', bytes, 'a\nb', 'a\\nb'],
    ['colours as escapes', bytes, '\u001b[31mred', '\\u001b[31mred'],
    ['bytes that are no text', bytes, Uint8Array.of(0xff, 0xfe), '<2 bytes: ff fe>'],
    ['bytes that are text by chance', bytes, Uint8Array.of(1, 0, 0, 0), '<4 bytes: 01 00 00 00>'],
    ['tensors as bytes', tensor, 'abc', '<3 bytes of tensor: 61 62 63>'],
    ['content types of later versions as bytes', 99, 'abc', '<3 bytes of 99: 61 62 63>'],
    ['nothing', bytes, '', '(empty)'],
  ])('shows %s', (_, contentType, payload, text) => {
    expect(shown(contentType, payload)).toBe(text);
  });

  it('is not endless', () => {
    expect(shown(bytes, 'a'.repeat(100_000))).toBe(`${'a'.repeat(4_096)}… (100000 bytes)`);
    expect(shown(tensor, new Uint8Array(100_000))).toBe(`<100000 bytes of tensor: ${'00 '.repeat(32)}…>`);
  });
});
