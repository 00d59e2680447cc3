import type { Change } from './change.js';

/** Types and defaults of fields. */
export const TYPE_CHANGES: readonly Change[] = [
  {
    title: 'a scalar becomes a string',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:string; } root_type T;',
    forth: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'fields change their ids',
    before: 'table T { a:int; b:int; } root_type T;',
    after: 'table T { b:int; a:int; } root_type T;',
    forth: {
      findings: ['field-id-changed breaking breaking', 'field-id-changed breaking breaking'],
      conform: 'offsets differ for field: T.b',
    },
    back: {
      findings: ['field-id-changed breaking breaking', 'field-id-changed breaking breaking'],
      conform: 'offsets differ for field: T.a',
    },
  },
  {
    title: 'a field is put before another',
    before: 'table T { a:int; b:string; } root_type T;',
    after: 'table T { a:int; c:float; b:string; } root_type T;',
    forth: {
      findings: ['field-id-changed breaking breaking'],
      conform: 'field renamed to different type: T.c (renamed from T.b)',
    },
    back: {
      findings: ['field-removed breaking breaking warning', 'field-id-changed breaking breaking'],
      conform: 'offsets differ for field: T.b',
    },
  },
  {
    title: 'another sign',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:uint; } root_type T;',
    forth: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'another sign, with a default of the same bits',
    before: 'table T { a:byte = -1; } root_type T;',
    after: 'table T { a:ubyte = 255; } root_type T;',
    forth: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'defaults differ for field: T.a',
    },
    back: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'defaults differ for field: T.a',
    },
  },
  {
    title: 'an integer becomes an enum',
    before: 'table T { a:int; } root_type T;',
    after: 'enum E:int { A, B } table T { a:E; } root_type T;',
    forth: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'a byte becomes a bool',
    before: 'table T { a:ubyte; } root_type T;',
    after: 'table T { a:bool; } root_type T;',
    forth: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'elements of another sign',
    before: 'table T { a:[int]; } root_type T;',
    after: 'table T { a:[uint]; } root_type T;',
    forth: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-reinterpreted warning warning warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'a wider scalar',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:long; } root_type T;',
    forth: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'an integer becomes a float',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:float; } root_type T;',
    forth: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'defaults differ for field: T.a',
    },
    back: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'defaults differ for field: T.a',
    },
  },
  {
    title: 'a wider enum becomes an integer',
    before: 'enum E:ubyte { A, B } table T { a:E; } root_type T;',
    after: 'table T { a:int; } root_type T;',
    forth: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'elements of another width',
    before: 'table T { a:[int]; } root_type T;',
    after: 'table T { a:[long]; } root_type T;',
    forth: {
      findings: ['field-element-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-element-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'a scalar becomes a vector',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:[int]; } root_type T;',
    forth: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'a table becomes a struct',
    before: 'table X { v:int; } table T { a:X; } root_type T;',
    after: 'struct X { v:int; } table T { a:X; } root_type T;',
    forth: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'offsets differ for field: X.v',
    },
    back: {
      findings: ['field-type-changed breaking breaking warning'],
      conform: 'offsets differ for field: X.v',
    },
  },
  {
    title: 'a table becomes a union',
    before: 'table X {} union U { X } table T { a:int; x:X; } root_type T;',
    after: 'table X {} union U { X } table T { a:int (id: 0); x:U (id: 2); } root_type T;',
    forth: {
      findings: ['field-id-changed breaking breaking'],
      conform: 'field renamed to different type: T.x_type (renamed from T.x)',
    },
    back: { findings: ['field-id-changed breaking breaking'], conform: 'offsets differ for field: T.x' },
  },
  {
    title: 'a vector of tables becomes one of structs',
    before: 'table X { v:int; } table T { a:[X]; } root_type T;',
    after: 'struct X { v:int; } table T { a:[X]; } root_type T;',
    forth: {
      findings: ['field-element-changed breaking breaking warning'],
      conform: 'offsets differ for field: X.v',
    },
    back: {
      findings: ['field-element-changed breaking breaking warning'],
      conform: 'offsets differ for field: X.v',
    },
  },
  {
    title: 'a 64-bit vector',
    before: 'table T { a:[ubyte]; } root_type T;',
    after: 'table T { a:[ubyte] (vector64); } root_type T;',
    forth: {
      findings: ['field-offset-width-changed breaking breaking'],
      conform: 'types differ for field: T.a',
    },
    back: {
      findings: ['field-offset-width-changed breaking breaking'],
      conform: 'types differ for field: T.a',
    },
  },
  {
    title: 'a 64-bit offset',
    before: 'table T { a:string; } root_type T;',
    after: 'table T { a:string (offset64); } root_type T;',
    forth: {
      findings: ['field-offset-width-changed breaking breaking'],
      conform: 'offset types differ for field: T.a',
    },
    back: {
      findings: ['field-offset-width-changed breaking breaking'],
      conform: 'offset types differ for field: T.a',
    },
  },
  {
    title: 'a string becomes bytes',
    before: 'table T { a:string; } root_type T;',
    after: 'table T { a:[ubyte]; } root_type T;',
    forth: {
      findings: ['field-string-to-bytes ok breaking warning'],
      conform: 'types differ for field: T.a',
    },
    back: { findings: ['field-bytes-to-string breaking ok warning'], conform: 'types differ for field: T.a' },
  },
  {
    title: 'another default',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:int = 1; } root_type T;',
    forth: {
      findings: ['field-default-changed breaking breaking'],
      conform: 'defaults differ for field: T.a',
    },
    back: {
      findings: ['field-default-changed breaking breaking'],
      conform: 'defaults differ for field: T.a',
    },
  },
  {
    title: 'another default of a float',
    before: 'table T { a:float = 0.5; } root_type T;',
    after: 'table T { a:float = nan; } root_type T;',
    forth: {
      findings: ['field-default-changed breaking breaking'],
      conform: 'defaults differ for field: T.a',
    },
    back: {
      findings: ['field-default-changed breaking breaking'],
      conform: 'defaults differ for field: T.a',
    },
  },
  {
    title: 'a default of a string',
    before: 'table T { a:string; } root_type T;',
    after: 'table T { a:string = "none"; } root_type T;',
    forth: {
      findings: ['field-default-changed breaking breaking'],
      conform: 'defaults differ for field: T.a',
    },
    back: {
      findings: ['field-default-changed breaking breaking'],
      conform: 'defaults differ for field: T.a',
    },
  },
  {
    title: 'absent is a value of its own',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:int = null; } root_type T;',
    forth: {
      findings: ['field-optional-changed breaking breaking warning'],
      conform: 'defaults differ for field: T.a',
    },
    back: {
      findings: ['field-optional-changed breaking breaking warning'],
      conform: 'defaults differ for field: T.a',
    },
  },
];
