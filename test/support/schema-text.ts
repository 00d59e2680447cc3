/** A declaration of a FlatBuffers schema, with its members in their order. */
export interface Declaration {
  /** As written: `table Frame`, `struct Id`, `enum Kind : ubyte`. */
  readonly head: string;
  /** As written, without comments: `subject:string (required)`, `request = 1`. */
  readonly members: readonly string[];
}

export interface SchemaText {
  /** `namespace`, `file_identifier`, `root_type` and the like. */
  readonly statements: readonly string[];
  readonly declarations: ReadonlyMap<string, Declaration>;
}

/** Reads the little of the schema language that our schemas use. Throws on anything else. */
export function parseSchema(text: string): SchemaText {
  const source = text.replace(/\/\/.*$/gm, '').replace(/\s+/g, ' ');
  const declarations = new Map<string, Declaration>();
  const rest = source.replace(
    /(table|struct|enum|union) (\w+)([^{};]*)\{([^{}]*)\}/g,
    (_, kind, name, more, body) => {
      const separator = kind === 'enum' || kind === 'union' ? ',' : ';';
      const members = body.split(separator).map((member: string) => member.trim());
      declarations.set(name, {
        head: `${kind} ${name}${more}`.trim(),
        members: members.filter((member: string) => member !== ''),
      });
      return '';
    },
  );
  const statements = rest.split(';').map((statement) => statement.trim());
  if (statements.pop() !== '' || /[{}]/.test(rest)) throw new Error(`cannot read the schema at: ${rest}`);
  return { statements, declarations };
}

/** What a newer schema changed although the rules of evolution forbid it: anything but members appended. */
export function forbiddenChanges(older: SchemaText, newer: SchemaText): string[] {
  const changes: string[] = [];
  for (const statement of older.statements) {
    if (!newer.statements.includes(statement)) changes.push(`${statement} is gone`);
  }
  for (const [name, before] of older.declarations) {
    const now = newer.declarations.get(name);
    if (now === undefined) {
      changes.push(`${before.head} is gone`);
      continue;
    }
    if (now.head !== before.head) changes.push(`${before.head} became ${now.head}`);
    before.members.forEach((member, index) => {
      if (now.members[index] !== member) changes.push(`${name}: ${member} became ${now.members[index]}`);
    });
    const added = now.members.slice(before.members.length);
    if (before.head.startsWith('struct') && added.length > 0) changes.push(`${before.head} has grown`);
    for (const member of added) {
      if (member.includes('required')) changes.push(`${name}: ${member} is new and required`);
    }
  }
  return changes;
}
