import { Memory } from '../codec/memory.js';
import { compileProgram } from './compile-program.js';
import type { Program } from './program.js';
import { VERIFY_LIMITS } from './program-ops.js';
import { ProgramVerifier } from './program-verifier.js';
import { REFLECTION_ROOT, REFLECTION_SCHEMA } from './reflection-schema.js';
import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { invalidSchema, schemaTooLarge } from './schema-error.js';

let program: Program | undefined;

/** Checks that the bytes are a reflection schema through and through, so that reading it touches nothing else. */
export function verifyBfbs(bytes: Uint8Array): void {
  if (bytes.length > SCHEMA_BOUNDS.bytes)
    throw schemaTooLarge('', 'bytes', bytes.length, SCHEMA_BOUNDS.bytes);
  program ??= compileProgram(REFLECTION_SCHEMA, REFLECTION_ROOT);
  const violation = new ProgramVerifier().verify(program, new Memory(bytes), 0, bytes.length);
  if (violation === undefined) return;
  if (violation.rule === 'tableCount') {
    throw schemaTooLarge('', 'parts', VERIFY_LIMITS.tables + 1, VERIFY_LIMITS.tables);
  }
  throw invalidSchema('', {
    what: 'no .bfbs',
    got: violation.text,
    advice: 'compile the schema with flatc --binary --schema --bfbs-builtins',
  });
}
