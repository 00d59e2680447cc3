/**
 * `modwire/codec`: frames as bytes, alone. Encode, verify and view over memory that the caller owns; no I/O, no
 * timers, no state outside the objects made here, nothing of Node: it runs in hot paths and in browsers.
 */
export { ModwireError } from '../errors.js';
export { BatchReader, type EntryKind } from './batch.js';
export { decodeControl, encodeControl, isViolation } from './control.js';
export {
  type AckEntry,
  type ControlMessage,
  type ControlOf,
  type MissedRange,
  PROTOCOL_VERSION,
  SUBPROTOCOL,
  type SubjectPosition,
} from './control-message.js';
export type { FrameFields, TraceContext } from './frame-fields.js';
export { type FieldName, FRAME_ALIGNMENT } from './frame-layout.js';
export { FrameVerifier } from './frame-verifier.js';
export { FrameView, type U64Field } from './frame-view.js';
export { FrameWriter } from './frame-writer.js';
export { ContentType } from './generated/modwire/content-type.js';
export { FrameFlags } from './generated/modwire/frame-flags.js';
export { Kind } from './generated/modwire/kind.js';
export { Memory } from './memory.js';
export { formatUuid, IdGenerator, toHex } from './message-id.js';
export { openFrame } from './open-frame.js';
export {
  checkFilter,
  checkSubject,
  hasWildcard,
  MAX_SUBJECT_BYTES,
  MAX_SUBJECT_TOKENS,
  matchesFilter,
} from './subject.js';
export type { RuleName, Violation } from './verify-rule.js';
