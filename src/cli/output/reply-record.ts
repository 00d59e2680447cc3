import type { Reply } from '../../client/calls/received.js';
import { contentTypeName } from '../../codec/frame-record.js';
import { formatUuid, toHex } from '../../codec/message-id.js';
import { payloadJson } from './frame-record.js';
import { toJsonLine } from './printable.js';

/** A reply as a JSON object on one line, its payload last, as `modwire sub --json` shows it. */
export function replyJson({ frame, latencyMs, attempts, explanation }: Reply): string {
  const { correlationId, schemaId } = frame;
  const record = {
    subject: frame.subject,
    request: formatUuid(correlationId!),
    latencyMs: Math.round(1_000 * latencyMs) / 1_000,
    attempts,
    contentType: contentTypeName(frame.contentType),
    ...(schemaId === undefined ? {} : { schemaId: toHex(schemaId) }),
    ...(frame.has('headers') ? { headers: frame.headers } : {}),
    ...(explanation === undefined ? {} : { explanation }),
  };
  return `${toJsonLine(record).slice(0, -1)},"payload":${payloadJson(frame)}}`;
}
