import { ATTRIBUTE_CHANGES } from './attributes.js';
import type { Change } from './change.js';
import { ENUM_CHANGES } from './enums.js';
import { FIELD_CHANGES } from './fields.js';
import { STRUCT_CHANGES } from './structs.js';
import { TYPE_CHANGES } from './types.js';
import { UNION_CHANGES } from './unions.js';

/** Every row of the table in docs/compatibility.md, in both directions. */
export const CHANGES: readonly Change[] = [
  ...FIELD_CHANGES,
  ...TYPE_CHANGES,
  ...STRUCT_CHANGES,
  ...ENUM_CHANGES,
  ...UNION_CHANGES,
  ...ATTRIBUTE_CHANGES,
];
