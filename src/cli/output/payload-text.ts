import { contentTypeName } from '../../codec/frame-record.js';
import type { FrameView } from '../../codec/frame-view.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { toHex } from '../../codec/message-id.js';
import { jsonOnOneLine, printable } from './printable.js';

/** Longer text is cut off; `--json` shows all. Characters. */
const MAX_TEXT = 4096;
/** More bytes than these are only counted. */
const MAX_HEX_BYTES = 32;

/** A payload for people, on one line: JSON and text as they are, anything else as its first bytes and length. */
export function payloadText(frame: FrameView): string {
  const { payload, contentType } = frame;
  if (payload.length === 0) return '(empty)';
  const text = readableText(frame);
  if (text !== undefined) return text;
  const hex = toHex(payload.subarray(0, MAX_HEX_BYTES)).replace(/..(?=.)/g, '$& ');
  const more = payload.length > MAX_HEX_BYTES ? ' …' : '';
  const what = contentType === ContentType.bytes ? '' : ` of ${contentTypeName(contentType)}`;
  return `<${payload.length} bytes${what}: ${hex}${more}>`;
}

/** JSON, or bytes that are text, on one line and not too long of it; undefined for anything else. */
export function readableText(frame: FrameView): string | undefined {
  const { contentType } = frame;
  try {
    if (contentType === ContentType.json) return cut(jsonOnOneLine(frame.text()), frame);
    // Bytes that happen to be UTF-8 are no text when they are full of control characters.
    const text = contentType === ContentType.bytes ? frame.text() : undefined;
    return text === undefined || hasControls(text) ? undefined : cut(printable(text), frame);
  } catch {
    // Neither UTF-8 nor JSON, whatever it was said to be.
    return undefined;
  }
}

function hasControls(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  return /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f]/.test(text);
}

function cut(text: string, frame: FrameView): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}… (${frame.payloadLength} bytes)`;
}
