import { Builder } from 'flatbuffers';
import { fromControlBody } from './control-from-body.js';
import type { ControlMessage } from './control-message.js';
import { CONTROL_SHAPE } from './control-shape.js';
import { toControlBody } from './control-to-body.js';
import { alignUp, CONTROL_IDENTIFIER, FRAME_ALIGNMENT } from './frame-layout.js';
import { Control, ControlT } from './generated/modwire/control/control.js';
import type { Memory } from './memory.js';
import { verifyTable } from './table-verifier.js';
import { VerifiedBytes } from './verified-bytes.js';
import type { Violation } from './verify-rule.js';

const IDENTIFIER_TEXT = 'MCC1';

/** A control message as bytes: one entry of a batch. */
export function encodeControl(message: ControlMessage): Uint8Array {
  const builder = new Builder(256);
  const body = toControlBody(message);
  const root = new ControlT(body.type, body.table).pack(builder);
  builder.finishSizePrefixed(root, IDENTIFIER_TEXT);
  const bytes = builder.asUint8Array();
  const padded = new Uint8Array(alignUp(bytes.length, FRAME_ALIGNMENT));
  padded.set(bytes);
  new DataView(padded.buffer).setUint32(0, padded.length - 4, true);
  return padded;
}

/** The control message between `start` and `end`, or why it is none. Everything in it is copied out. */
export function decodeControl(memory: Memory, start: number, end: number): ControlMessage | Violation {
  const violation = verifyTable(memory, start, end, CONTROL_IDENTIFIER, CONTROL_SHAPE);
  if (violation !== undefined) return violation;
  const buffer = new VerifiedBytes(memory.u8.subarray(start, end));
  return fromControlBody(Control.getSizePrefixedRootAsControl(buffer));
}

export function isViolation(decoded: ControlMessage | Violation): decoded is Violation {
  return 'rule' in decoded;
}
