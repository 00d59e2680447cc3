import { ModwireError } from '../errors.js';
import { FrameVerifier } from './frame-verifier.js';
import { FrameView } from './frame-view.js';
import { Memory } from './memory.js';

/**
 * Verifies bytes that hold exactly one size-prefixed frame and returns a view of them; the bytes stay the caller's.
 * Throws MALFORMED_FRAME with the rule, the field and the byte offset. Hot paths use FrameVerifier themselves.
 */
export function openFrame(bytes: Uint8Array): FrameView {
  const view = new FrameView();
  const valid = new FrameVerifier().verify(new Memory(bytes), 0, bytes.length, view);
  if (valid && view.byteLength === bytes.length) return view;
  throw new ModwireError('MALFORMED_FRAME', {
    what: 'not a frame',
    expected: 'one size-prefixed FlatBuffers frame (MCP1)',
    got: valid ? `${bytes.length - view.byteLength} bytes after the frame` : view.violation!.text,
  });
}
