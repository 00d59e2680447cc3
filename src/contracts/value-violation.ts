/** Why a payload that verifies means nothing all the same, by a rule that its schema cannot state. */
export interface ValueViolation {
  readonly rule: 'value';
  /** Byte offset from the payload's start. */
  readonly offset: number;
  /** Field path, such as `inputs[3].shape`. */
  readonly path: string;
  /** One sentence for people, which begins with the path. */
  readonly text: string;
}

/** `why`: half a sentence. */
export function valueViolation(offset: number, path: string, why: string): ValueViolation {
  return { rule: 'value', offset, path, text: `${path}: ${why}, at 0x${offset.toString(16)}` };
}
