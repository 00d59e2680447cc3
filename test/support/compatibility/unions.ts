import type { Change } from './change.js';

/** Members of unions. */
export const UNION_CHANGES: readonly Change[] = [
  {
    title: 'a union has a member more',
    before: 'table X {} table Y {} union U { X } table T { u:U; } root_type T;',
    after: 'table X {} table Y {} union U { X, Y } table T { u:U; } root_type T;',
    forth: { findings: ['union-member-added ok warning'], conform: '' },
    back: { findings: ['union-member-removed breaking ok warning'], conform: '' },
  },
  {
    title: 'a tag stands for another type',
    before: 'table X {} table Y {} union U { X } table T { u:U; } root_type T;',
    after: 'table X {} table Y {} union U { Y } table T { u:U; } root_type T;',
    forth: { findings: ['union-member-retargeted breaking breaking warning'], conform: '' },
    back: { findings: ['union-member-retargeted breaking breaking warning'], conform: '' },
  },
  {
    title: 'members of a union change places',
    before: 'table X {} table Y {} union U { X, Y } table T { u:U; } root_type T;',
    after: 'table X {} table Y {} union U { Y, X } table T { u:U; } root_type T;',
    forth: {
      findings: [
        'union-member-retargeted breaking breaking warning',
        'union-member-retargeted breaking breaking warning',
      ],
      conform: 'values differ for enum: Y',
    },
    back: {
      findings: [
        'union-member-retargeted breaking breaking warning',
        'union-member-retargeted breaking breaking warning',
      ],
      conform: 'values differ for enum: X',
    },
  },
  {
    title: 'names of members change places',
    before: 'table X {} union U { A:X, B:X } table T { u:U; } root_type T;',
    after: 'table X {} union U { B:X, A:X } table T { u:U; } root_type T;',
    forth: {
      findings: [
        'union-member-retargeted breaking breaking warning',
        'union-member-retargeted breaking breaking warning',
      ],
      conform: 'values differ for enum: B',
    },
    back: {
      findings: [
        'union-member-retargeted breaking breaking warning',
        'union-member-retargeted breaking breaking warning',
      ],
      conform: 'values differ for enum: A',
    },
  },
  {
    title: 'a member becomes a struct',
    before: 'table X { v:int; } union U { X } table T { u:U; } root_type T;',
    after: 'struct X { v:int; } union U { X } table T { u:U; } root_type T;',
    forth: {
      findings: ['union-member-retargeted breaking breaking warning'],
      conform: 'offsets differ for field: X.v',
    },
    back: {
      findings: ['union-member-retargeted breaking breaking warning'],
      conform: 'offsets differ for field: X.v',
    },
  },
  {
    title: 'tags have another integer type',
    before: 'table X {} union U { X } table T { u:U; } root_type T;',
    after: 'table X {} union U:int { X } table T { u:U; } root_type T;',
    forth: {
      findings: ['enum-underlying-changed breaking breaking'],
      conform: 'underlying type differ for union: U',
    },
    back: {
      findings: ['enum-underlying-changed breaking breaking'],
      conform: 'underlying type differ for union: U',
    },
  },
  {
    title: 'a vector of unions has a member more',
    before: 'table X {} table Y {} union U { X } table T { u:[U]; } root_type T;',
    after: 'table X {} table Y {} union U { X, Y } table T { u:[U]; } root_type T;',
    forth: { findings: ['union-member-added ok warning'], conform: '' },
    back: { findings: ['union-member-removed breaking ok warning'], conform: '' },
  },
];
