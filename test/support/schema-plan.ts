import fc from 'fast-check';

/** A schema to be written as `.fbs` in many ways that mean the same. Types refer to each other by place in their list. */
export interface SchemaPlan {
  readonly enums: readonly { readonly of: string; readonly values: number; readonly flags: boolean }[];
  /** Types of their fields; a number is an enum. */
  readonly structs: readonly (readonly (string | number)[])[];
  /** Members by table; a struct is a negative number: ~place. */
  readonly unions: readonly (readonly number[])[];
  readonly tables: readonly (readonly FieldPlan[])[];
}

export interface FieldPlan {
  readonly kind: 'scalar' | 'string' | 'enum' | 'struct' | 'table' | 'union' | 'vector' | 'bytes';
  readonly scalar: string;
  /** Taken modulo the number of types there are. */
  readonly place: number;
  readonly mark: '' | 'deprecated' | 'required';
  readonly value: number;
}

/** How a plan is written; none of it means anything. */
export interface Style {
  /** Declarations of tables and fields are sorted by these. */
  readonly keys: readonly number[];
  readonly comments: boolean;
  readonly strangers: boolean;
}

const SCALARS = [
  'bool',
  'byte',
  'ubyte',
  'short',
  'ushort',
  'int',
  'uint',
  'long',
  'ulong',
  'float',
  'double',
];
const UNDERLYING = ['byte', 'ubyte', 'short', 'int', 'uint', 'long', 'ulong'];

const fieldPlan: fc.Arbitrary<FieldPlan> = fc.record({
  kind: fc.constantFrom('scalar', 'string', 'enum', 'struct', 'table', 'union', 'vector', 'bytes'),
  scalar: fc.constantFrom(...SCALARS),
  place: fc.nat(7),
  mark: fc.constantFrom('', '', '', 'deprecated', 'required'),
  value: fc.nat(1),
});

export const schemaPlan: fc.Arbitrary<SchemaPlan> = fc.record({
  enums: fc.array(
    fc.record({
      of: fc.constantFrom(...UNDERLYING),
      values: fc.integer({ min: 1, max: 4 }),
      flags: fc.boolean(),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  structs: fc.array(
    fc.array(fc.constantFrom<string | number>(...SCALARS, 0), { minLength: 1, maxLength: 4 }),
    {
      minLength: 1,
      maxLength: 2,
    },
  ),
  unions: fc.array(fc.uniqueArray(fc.integer({ min: -1, max: 1 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 2,
  }),
  tables: fc.array(fc.array(fieldPlan, { maxLength: 6 }), { minLength: 2, maxLength: 3 }),
});

export const style: fc.Arbitrary<Style> = fc.record({
  keys: fc.array(fc.nat(99), { minLength: 16, maxLength: 16 }),
  comments: fc.boolean(),
  strangers: fc.boolean(),
});

export const PLAIN: Style = { keys: [], comments: false, strangers: false };

/** The plan as `.fbs`. Its root is table T0. */
export function planText(plan: SchemaPlan, { keys, comments, strangers }: Style): string {
  const shuffled = <Item>(items: readonly Item[], from: number): Item[] =>
    items
      .map((item, index) => ({ item, key: keys[(from + index) % Math.max(1, keys.length)] ?? index }))
      .sort((a, b) => a.key - b.key)
      .map(({ item }) => item);
  const doc = (text: string): string => (comments ? `/// ${text}\n` : '');
  const enums = plan.enums.map(({ of, values, flags }, index) => {
    const names = Array.from({ length: values }, (_, value) => `V${value}`).join(', ');
    return `${doc('values')}enum E${index}:${of}${flags && of.startsWith('u') ? ' (bit_flags)' : ''} { ${names} }`;
  });
  const structs = plan.structs.map((fields, index) => {
    const lines = fields.map((type, place) => `f${place}:${structFieldType(type, plan)};`);
    return `${doc('fixed')}struct S${index} { ${lines.join(' ')} }`;
  });
  const unions = plan.unions.map((members, index) => {
    const names = members.map((member) => (member < 0 ? `S${~member}` : `T${member}`));
    return `union U${index} { ${names.join(', ')} }`;
  });
  const tables = plan.tables.map((fields, index) => {
    let id = 0;
    const lines = fields.map((field, place) => {
      if (field.kind === 'union') id++;
      return `${doc('a field')}f${place}:${fieldText(field, id++, plan)};`;
    });
    return `${doc('a table')}table T${index} {\n${shuffled(lines, index).join('\n')}\n}`;
  });
  const others = [
    'table Stranger { next:Stranger; }',
    'enum Unknown:byte { A, B }',
    'struct Alien { x:int; }',
  ];
  return [
    'namespace plan;',
    ...shuffled(enums, 0),
    ...structs,
    ...shuffled(unions, 3),
    ...(strangers ? others : []),
    ...shuffled(tables, 5),
    'root_type T0;',
  ].join('\n');
}

function structFieldType(type: string | number, plan: SchemaPlan): string {
  if (typeof type === 'string') return type;
  // A struct's enum needs a value 0, which bit_flags have not.
  const of = plan.enums[type]!;
  return of.flags && of.of.startsWith('u') ? of.of : `E${type}`;
}

function fieldText(field: FieldPlan, id: number, plan: SchemaPlan): string {
  const { kind, scalar, place, value } = field;
  const of = place % plan.enums.length;
  const types = {
    scalar: `${scalar} = ${scalar === 'bool' ? value > 0 : value}`,
    string: 'string',
    enum: `E${of} = V0`,
    struct: `S${place % plan.structs.length}`,
    table: `T${place % plan.tables.length}`,
    union: `U${place % plan.unions.length}`,
    vector: `[${[scalar, 'string', `E${of}`, `S${place % plan.structs.length}`, `T${place % plan.tables.length}`][place % 5]}]`,
    bytes: '[ubyte]',
  };
  const marks = [`id: ${id}`];
  if (field.mark === 'deprecated' || (field.mark === 'required' && kind !== 'scalar' && kind !== 'enum')) {
    marks.push(field.mark);
  }
  if (kind === 'bytes' && place % 2 === 0) marks.push(`nested_flatbuffer: "T${place % plan.tables.length}"`);
  if (kind === 'bytes' && place % 2 === 1) marks.push(`force_align: ${8 << value}`);
  return `${types[kind]} (${marks.join(', ')})`;
}
