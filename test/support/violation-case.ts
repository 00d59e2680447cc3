import { FrameWriter } from '../../src/codec/frame-writer.js';
import type { RuleName } from '../../src/codec/verify-rule.js';
import { OPTIONAL_FIELDS, REQUIRED_FIELDS } from './frame-arbitrary.js';
import type { FrameMap } from './frame-map.js';
import { buildGenerated, buildOffsetsFirst } from './generated-frame.js';

export const ALL_FIELDS = { ...REQUIRED_FIELDS, ...OPTIONAL_FIELDS };

/** Good frames to break. */
export const GOOD_FRAMES = {
  written: new FrameWriter().encode(ALL_FIELDS),
  minimal: new FrameWriter().encode(REQUIRED_FIELDS),
  generated: buildGenerated(ALL_FIELDS),
  /** Offsets lead forward only: here they can be made to lead into the stamp. */
  offsetsFirst: buildOffsetsFirst({
    ...ALL_FIELDS,
    timeout: 0,
    kind: 0,
    contentType: 0,
    priority: 0,
    flags: 0,
  }),
};

export type Place = (map: FrameMap) => number;
export type Edit = (map: FrameMap) => void;

/** A hand-made violation: one rule broken in a good frame, and where the verifier must find it. */
export interface ViolationCase {
  readonly rule: RuleName;
  /** Field path that the verifier must report; empty for the frame itself. */
  readonly path: string;
  /** What is wrong, to complete the test's name. */
  readonly what: string;
  /** Byte offset that the verifier must report, in the good frame. */
  readonly at: Place;
  readonly edit: Edit;
  readonly frame: keyof typeof GOOD_FRAMES;
}

export function broken(
  rule: RuleName,
  path: string,
  what: string,
  at: Place,
  edit: Edit,
  frame: keyof typeof GOOD_FRAMES = 'written',
): ViolationCase {
  return { rule, path, what, at, edit, frame };
}

export const STRING_FIELDS = [
  'subject',
  'tracestate',
  'baggage',
  'experiment',
  'variant',
  'assignmentKey',
] as const;

/** Every place of `ALL_FIELDS` where the offset of a string lies. */
export const STRING_SLOTS: readonly (readonly [path: string, slot: Place])[] = [
  ...STRING_FIELDS.map((field) => [field, (map: FrameMap) => map.slot(field)] as const),
  ['headers[1].name', (map) => map.slotOf(map.header(1), 0)],
  ['headers[1].value', (map) => map.slotOf(map.header(1), 1)],
];

/** Every place of `ALL_FIELDS` where an offset lies. */
export const OFFSET_SLOTS: readonly (readonly [path: string, slot: Place])[] = [
  ...STRING_SLOTS,
  ['payload', (map) => map.slot('payload')],
  ['headers', (map) => map.slot('headers')],
  ['headers[1]', (map) => map.headerSlot(1)],
];
