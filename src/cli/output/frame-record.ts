import { frameRecord } from '../../codec/frame-record.js';
import type { FrameView } from '../../codec/frame-view.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { jsonOnOneLine, toJsonLine } from './printable.js';

/** A frame as a JSON object on one line, its payload last: JSON as it was sent, anything else as base64. */
export function frameJson(frame: FrameView): string {
  return `${toJsonLine(frameRecord(frame)).slice(0, -1)},"payload":${payloadJson(frame)}}`;
}

/** A payload as JSON on one line: the JSON that was sent, anything else as base64. */
export function payloadJson(frame: FrameView): string {
  if (frame.contentType === ContentType.json) {
    try {
      return jsonOnOneLine(frame.text());
    } catch {
      // Nobody has to mean what they say; the bytes are shown as they are.
    }
  }
  return toJsonLine({ base64: Buffer.from(frame.payload).toString('base64') });
}
