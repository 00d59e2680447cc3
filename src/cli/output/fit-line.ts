// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with it
const COLOUR_OR_CHARACTER = /(\u001b\[\d+m)|./gsu;

/** The first so many characters of a line, with all of its colours: those that it turns on it turns off again. */
export function fitLine(line: string, columns: number): string {
  let shown = 0;
  return line.replace(COLOUR_OR_CHARACTER, (found, colour?: string) =>
    colour !== undefined || ++shown <= columns ? found : '',
  );
}
