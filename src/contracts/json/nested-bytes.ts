import { Memory } from '../../codec/memory.js';
import { compileProgram } from '../compile-program.js';
import { ProgramVerifier } from '../program-verifier.js';
import type { JsonReading } from './json-reading.js';

/** Refuses bytes `start` to `end` of the stack that are no payload of the table `root`. */
export function checkNested({ plan, stack, place }: JsonReading, root: number, start: number, end: number): void {
  const memory = new Memory(stack.bytes.slice(start, end));
  const program = compileProgram(plan.schema, root);
  const violation = new ProgramVerifier().verify(program, memory, 0, memory.length);
  if (violation === undefined) return;
  throw place.fault('bytes that are no payload of their table', {
    expected: plan.object(root).object.name,
    got: violation.text,
  });
}
