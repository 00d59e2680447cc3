import type { Change } from './change.js';

/** Values of enums. */
export const ENUM_CHANGES: readonly Change[] = [
  {
    title: 'an enum has a value more',
    before: 'enum E:ubyte { A, B } table T { e:E; } root_type T;',
    after: 'enum E:ubyte { A, B, C } table T { e:E; } root_type T;',
    forth: { findings: ['enum-value-added ok warning'], conform: '' },
    back: { findings: ['enum-value-removed breaking ok warning'], conform: '' },
  },
  {
    title: 'an enum is renumbered',
    before: 'enum E:ubyte { A, B = 1 } table T { e:E; } root_type T;',
    after: 'enum E:ubyte { A, B = 2 } table T { e:E; } root_type T;',
    forth: { findings: ['enum-value-renumbered breaking breaking'], conform: 'values differ for enum: B' },
    back: { findings: ['enum-value-renumbered breaking breaking'], conform: 'values differ for enum: B' },
  },
  {
    title: 'a value is put before another',
    before: 'enum E:ubyte { A, B } table T { e:E; } root_type T;',
    after: 'enum E:ubyte { A, C, B } table T { e:E; } root_type T;',
    forth: {
      findings: ['enum-value-renumbered breaking breaking', 'enum-value-renamed ok ok warning'],
      conform: 'values differ for enum: B',
    },
    back: {
      findings: ['enum-value-renamed ok ok warning', 'enum-value-renumbered breaking breaking'],
      conform: 'values differ for enum: B',
    },
  },
  {
    title: 'an enum has another integer type',
    before: 'enum E:ubyte { A, B } table T { e:E; } root_type T;',
    after: 'enum E:byte { A, B } table T { e:E; } root_type T;',
    forth: {
      findings: ['enum-underlying-changed breaking breaking'],
      conform: 'types differ for field: T.e',
    },
    back: { findings: ['enum-underlying-changed breaking breaking'], conform: 'types differ for field: T.e' },
  },
  {
    title: 'an enum has a wider integer type',
    before: 'enum E:ubyte { A, B } table T { e:[E]; } root_type T;',
    after: 'enum E:int { A, B } table T { e:[E]; } root_type T;',
    forth: {
      findings: ['enum-underlying-changed breaking breaking'],
      conform: 'types differ for field: T.e',
    },
    back: { findings: ['enum-underlying-changed breaking breaking'], conform: 'types differ for field: T.e' },
  },
  {
    title: 'an enum becomes one of bits',
    before: 'enum E:ubyte { A = 1, B = 2 } table T { e:E = A; } root_type T;',
    after: 'enum E:ubyte (bit_flags) { A, B } table T { e:E = A; } root_type T;',
    forth: { findings: ['enum-bit-flags-changed breaking breaking'], conform: '' },
    back: { findings: ['enum-bit-flags-changed breaking breaking'], conform: '' },
  },
];
