import type { ModwireError } from '../../errors.js';
import type { ByteStack } from './byte-stack.js';
import { type JsonPlace, shown } from './json-place.js';
import type { JsonKind, JsonScanner } from './json-scanner.js';
import type { PayloadBuilder } from './payload-builder.js';
import { nearestOf, type ScalarReader } from './scalar-from-json.js';
import type { FieldPlan, ObjectPlan, TranscodePlan } from './transcode-plan.js';

/** One JSON text on its way to a payload: what the readers of tables, vectors and structs share. */
export interface JsonReading {
  readonly plan: TranscodePlan;
  readonly scanner: JsonScanner;
  readonly scalars: ScalarReader;
  readonly place: JsonPlace;
  readonly stack: ByteStack;
  /** Largest payload. Bytes. */
  readonly bound: number;
  /** Writes the payload; while a nested payload is read, that one. */
  builder: PayloadBuilder;
  /** Payloads came as bytes, verified on their own: where they lie they may be too deep. */
  embedsBytes: boolean;
}

/** Refuses anything but `kind`. */
export function expectKind({ scanner, place }: JsonReading, kind: JsonKind, wanted: string): void {
  const got = scanner.kind();
  if (got !== kind) throw place.fault('a value of the wrong type', { expected: wanted, got });
}

/** The field of this name; refuses an unknown one. */
export function fieldOf(plan: ObjectPlan, name: string, place: JsonPlace): FieldPlan {
  const field = plan.byName.get(name);
  if (field !== undefined) return field;
  const meant = nearestOf(name, plan.byName.keys());
  throw place.fault('an unknown field', {
    expected: `a field of ${plan.object.name}`,
    got: shown(name),
    ...(meant === undefined ? {} : { advice: `did you mean ${meant}?` }),
  });
}

export function givenTwice(place: JsonPlace): ModwireError {
  return place.fault('a field is given twice');
}

export function missingField(place: JsonPlace, name: string, why: string): ModwireError {
  place.enter(name);
  return place.fault(why);
}
