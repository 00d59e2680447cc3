import { Memory } from '../../codec/memory.js';
import { ProgramVerifier } from '../program-verifier.js';
import type { JsonReading } from './json-reading.js';

/** Refuses bytes `start` to `end` of the stack that are no payload of the table `root`. */
export function checkNested(reading: JsonReading, root: number, start: number, end: number): void {
  checkPayload(reading, root, reading.stack.bytes.slice(start, end));
  reading.embedsBytes = true;
}

/** Refuses a payload of the table `root` that does not verify; of its file identifier nothing is asked. */
export function checkPayload({ plan, place }: JsonReading, root: number, payload: Uint8Array): void {
  const violation = new ProgramVerifier().verify(plan.program(root), new Memory(payload), 0, payload.length);
  if (violation === undefined) return;
  throw place.fault('bytes that are no payload of their table', {
    expected: plan.object(root).object.name,
    got: violation.text,
  });
}
