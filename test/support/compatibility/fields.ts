import type { Change } from './change.js';

/** Fields that come, go and change their ids. */
export const FIELD_CHANGES: readonly Change[] = [
  {
    title: 'a field is added',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:int; b:string; } root_type T;',
    forth: { findings: ['field-added ok ok'], conform: '' },
    back: { findings: ['field-removed breaking breaking warning'], conform: 'field deleted: T.b' },
  },
  {
    title: 'a union is added',
    before: 'table X {} union U { X } table T { a:int; } root_type T;',
    after: 'table X {} union U { X } table T { a:int; u:U; } root_type T;',
    forth: { findings: ['field-added ok ok'], conform: '' },
    back: { findings: ['field-removed breaking breaking warning'], conform: 'field deleted: T.u_type' },
  },
  {
    title: 'a required field is added',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:int; b:string (required); } root_type T;',
    forth: { findings: ['field-added-required breaking ok'], conform: '' },
    back: { findings: ['field-removed breaking breaking warning'], conform: 'field deleted: T.b' },
  },
  {
    title: 'a field becomes required',
    before: 'table T { a:string; } root_type T;',
    after: 'table T { a:string (required); } root_type T;',
    forth: { findings: ['field-made-required breaking ok'], conform: '' },
    back: { findings: ['field-required-dropped ok breaking'], conform: '' },
  },
  {
    title: 'a required field is deprecated',
    before: 'table T { a:string (required); } root_type T;',
    after: 'table T { a:string (required, deprecated); } root_type T;',
    forth: { findings: ['field-required-deprecated ok breaking warning'], conform: '' },
    back: { findings: ['field-required-undeprecated breaking warning'], conform: '' },
  },
  {
    title: 'required is dropped with deprecation',
    before: 'table T { a:string (required); } root_type T;',
    after: 'table T { a:string (deprecated); } root_type T;',
    forth: { findings: ['field-required-deprecated ok breaking warning'], conform: '' },
    back: { findings: ['field-required-undeprecated breaking warning'], conform: '' },
  },
  {
    title: 'a field is deprecated',
    before: 'table T { a:int; } root_type T;',
    after: 'table T { a:int (deprecated); } root_type T;',
    forth: { findings: ['field-deprecated ok ok warning'], conform: '' },
    back: { findings: ['field-undeprecated warning warning'], conform: '' },
  },
  {
    title: 'a union is deprecated',
    before: 'table X {} union U { X } table T { u:U; } root_type T;',
    after: 'table X {} union U { X } table T { u:U (deprecated); } root_type T;',
    forth: { findings: ['field-deprecated ok ok warning'], conform: '' },
    back: { findings: ['field-undeprecated warning warning'], conform: '' },
  },
  {
    title: 'an id is given to another field of another type',
    before: 'table T { a:int; b:string; } root_type T;',
    after: 'table T { a:int; c:float; } root_type T;',
    forth: {
      findings: ['field-id-reused breaking breaking warning'],
      conform: 'field renamed to different type: T.c (renamed from T.b)',
    },
    back: {
      findings: ['field-id-reused breaking breaking warning'],
      conform: 'field renamed to different type: T.b (renamed from T.c)',
    },
  },
];
