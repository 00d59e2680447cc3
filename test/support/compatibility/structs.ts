import type { Change } from './change.js';

/** Structs, which have no vtable to look anything up in. */
export const STRUCT_CHANGES: readonly Change[] = [
  {
    title: 'fields of a struct change places',
    before: 'struct S { x:int; y:int; } table T { s:S; } root_type T;',
    after: 'struct S { y:int; x:int; } table T { s:S; } root_type T;',
    forth: { findings: ['struct-order-changed breaking breaking'], conform: 'offsets differ for field: S.y' },
    back: { findings: ['struct-order-changed breaking breaking'], conform: 'offsets differ for field: S.x' },
  },
  {
    title: 'a field of a struct has another type',
    before: 'struct S { x:int; y:int; } table T { s:S; } root_type T;',
    after: 'struct S { x:int; y:float; } table T { s:S; } root_type T;',
    forth: {
      findings: ['struct-field-changed breaking breaking warning'],
      conform: 'defaults differ for field: S.y',
    },
    back: {
      findings: ['struct-field-changed breaking breaking warning'],
      conform: 'defaults differ for field: S.y',
    },
  },
  {
    title: 'a field of a struct has another sign',
    before: 'struct S { x:int; } table T { s:S; } root_type T;',
    after: 'struct S { x:uint; } table T { s:S; } root_type T;',
    forth: {
      findings: ['struct-field-changed breaking breaking warning'],
      conform: 'types differ for field: S.x',
    },
    back: {
      findings: ['struct-field-changed breaking breaking warning'],
      conform: 'types differ for field: S.x',
    },
  },
  {
    title: 'an array has another length',
    before: 'struct S { x:[int:4]; } table T { s:S; } root_type T;',
    after: 'struct S { x:[int:5]; } table T { s:S; } root_type T;',
    forth: {
      findings: ['struct-size-changed breaking breaking', 'struct-field-changed breaking breaking warning'],
      conform: '',
    },
    back: {
      findings: ['struct-size-changed breaking breaking', 'struct-field-changed breaking breaking warning'],
      conform: '',
    },
  },
  {
    title: 'a struct grows',
    before: 'struct S { x:int; } table T { s:S; } root_type T;',
    after: 'struct S { x:int; y:int; } table T { s:S; } root_type T;',
    forth: {
      findings: [
        'struct-size-changed breaking breaking',
        'struct-field-count-changed breaking breaking warning',
      ],
      conform: '',
    },
    back: {
      findings: [
        'struct-size-changed breaking breaking',
        'struct-field-count-changed breaking breaking warning',
      ],
      conform: 'field deleted: S.y',
    },
  },
  {
    title: 'a struct grows into its padding',
    before: 'struct S { x:int; y:short; } table T { s:S; } root_type T;',
    after: 'struct S { x:int; y:short; z:short; } table T { s:S; } root_type T;',
    forth: { findings: ['struct-field-count-changed breaking breaking warning'], conform: '' },
    back: {
      findings: ['struct-field-count-changed breaking breaking warning'],
      conform: 'field deleted: S.z',
    },
  },
  {
    title: 'a struct is aligned otherwise',
    before: 'struct S { x:int; y:int; } table T { s:S; } root_type T;',
    after: 'struct S (force_align: 8) { x:int; y:int; } table T { s:S; } root_type T;',
    forth: { findings: ['struct-align-changed breaking breaking'], conform: '' },
    back: { findings: ['struct-align-changed breaking breaking'], conform: '' },
  },
  {
    title: 'a struct is aligned and padded otherwise',
    before: 'struct S { x:int; } table T { s:S; } root_type T;',
    after: 'struct S (force_align: 8) { x:int; } table T { s:S; } root_type T;',
    forth: {
      findings: ['struct-size-changed breaking breaking', 'struct-align-changed breaking breaking'],
      conform: '',
    },
    back: {
      findings: ['struct-size-changed breaking breaking', 'struct-align-changed breaking breaking'],
      conform: '',
    },
  },
];
