import { describe, expect, it } from 'vitest';
import { encodeControl } from '../../src/codec/control.js';
import { openFrame } from '../../src/codec/open-frame.js';
import { ModwireError } from '../../src/errors.js';
import { readingOfFields, readingOfView } from '../support/frame-reading.js';
import { ALL_FIELDS, GOOD_FRAMES } from '../support/violation-case.js';

function refused(bytes: Uint8Array): ModwireError {
  try {
    openFrame(bytes);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(ModwireError);
    expect((thrown as ModwireError).code).toBe('MALFORMED_FRAME');
    return thrown as ModwireError;
  }
  return expect.fail('the bytes were taken for a frame');
}

describe('opening a frame', () => {
  it('gives a view of the bytes', () => {
    const view = openFrame(GOOD_FRAMES.written);
    expect(readingOfView(view)).toEqual(readingOfFields(ALL_FIELDS));
    expect(view.bytes.buffer).toBe(GOOD_FRAMES.written.buffer);
    expect(view.violation).toBeUndefined();
  });

  it('refuses what is no frame with the rule and the place', () => {
    const error = refused(GOOD_FRAMES.written.subarray(0, 100));
    expect(error.message).toMatch(/not a frame: expected .*MCP1.*, got the size prefix .*, at 0x0/);
    expect(refused(encodeControl({ type: 'ping', nonce: 1 })).message).toContain('file identifier');
    expect(refused(new Uint8Array(0)).message).toContain('fewer bytes');
  });

  it('refuses a frame with bytes behind it', () => {
    const bytes = new Uint8Array(GOOD_FRAMES.minimal.length + 8);
    bytes.set(GOOD_FRAMES.minimal);
    expect(refused(bytes).message).toContain('got 8 bytes after the frame');
  });
});
