/** Where something is declared. */
export interface Place {
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
}

interface Declaration extends Place {
  /** Full name of the type. */
  readonly name: string;
  /** What stands between its braces, and where that begins. */
  readonly body: string;
  readonly bodyLine: number;
}

const TYPE_OR_NAMESPACE =
  /\bnamespace\b\s*([\w.]*)\s*;|\b(?:table|struct|enum|union)\s+(\w+)[^{};]*\{([^}]*)\}/g;

/**
 * Where a schema's sources, text by file, declare what a finding is about: `shop.Order.items` is a field of a table, or a
 * value of an enum. Its type's place when only that is there; undefined when neither is.
 */
export function findDeclaration(sources: ReadonlyMap<string, string>, path: string): Place | undefined {
  const declarations = [...sources].flatMap(([file, text]) => declarationsOf(file, text));
  const type = declarations.find(({ name }) => name === path);
  if (type !== undefined) return place(type);
  const dot = path.lastIndexOf('.');
  const owner = declarations.find(({ name }) => name === path.slice(0, dot));
  if (owner === undefined) return undefined;
  const member = new RegExp(`(?:^|[\\s,;])(?<name>${escaped(path.slice(dot + 1))})\\s*(?:[:=,(]|$)`, 'm');
  const found = member.exec(owner.body);
  if (found === null) return place(owner);
  const at = found.index + found[0].indexOf(found.groups!.name!);
  return { file: owner.file, line: owner.bodyLine + lineBreaks(owner.body.slice(0, at)) };
}

function place({ file, line }: Declaration): Place {
  return { file, line };
}

function declarationsOf(file: string, text: string): Declaration[] {
  const code = blanked(text);
  const declarations: Declaration[] = [];
  let namespace = '';
  for (const match of code.matchAll(TYPE_OR_NAMESPACE)) {
    const [whole, space, type, body = ''] = match;
    if (type === undefined) {
      namespace = space ?? '';
      continue;
    }
    const line = 1 + lineBreaks(code.slice(0, match.index));
    declarations.push({
      ...{ file, line, body },
      name: namespace === '' ? type : `${namespace}.${type}`,
      bodyLine: line + lineBreaks(whole.slice(0, whole.length - body.length - 1)),
    });
  }
  return declarations;
}

/** Without what stands in comments and strings, every character in its place. */
function blanked(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) =>
    part.replace(/[^\n]/g, ' '),
  );
}

function lineBreaks(text: string): number {
  return text.split('\n').length - 1;
}

function escaped(text: string): string {
  return text.replace(/[^\w]/g, '\\$&');
}
