import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../support/browser-bundle.js';

const FIRST_HEADING = '## Ten lines to the first message';
const CALL_HEADING = '## Call a service';
const CONTRACTS_HEADING = '## Contracts';

export interface ReadmeExample {
  /** The program as it is printed, to be saved as a module. */
  readonly program: string;
  /** What the README says that it prints. */
  readonly output: string;
}

export interface ContractsExample extends ReadmeExample {
  /** The schema, to be saved as `orders.fbs`. */
  readonly schema: string;
  /** What is typed before the program is run, line by line. */
  readonly commands: readonly string[];
}

/** Takes the first example out of the README: the program, and the block of text after it. */
export function readmeExample(): ReadmeExample {
  const [program, output] = blocksAfter(FIRST_HEADING, ['js', 'text']);
  return { program: program!, output: output! };
}

/** Takes the example with calls out of it. */
export function callExample(): ReadmeExample {
  const [program, output] = blocksAfter(CALL_HEADING, ['js', 'text']);
  return { program: program!, output: output! };
}

/** Takes the example with a contract out of it. */
export function contractsExample(): ContractsExample {
  const [schema, commands, program, output] = blocksAfter(CONTRACTS_HEADING, ['fbs', 'sh', 'ts', 'text']);
  return {
    schema: schema!,
    commands: commands!.trimEnd().split('\n'),
    program: program!,
    output: output!,
  };
}

/** The first block of each language behind a heading, each behind the one before. */
function blocksAfter(heading: string, languages: readonly string[]): string[] {
  const readme = readFileSync(join(PACKAGE_ROOT, 'README.md'), 'utf8');
  let at = readme.indexOf(`\n${heading}\n`);
  if (at < 0) throw new Error(`README.md: expected the heading "${heading}"`);
  return languages.map((language) => {
    const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
    fence.lastIndex = at;
    const match = fence.exec(readme);
    if (match === null) throw new Error(`README.md: expected a block of ${language} after "${heading}"`);
    at = fence.lastIndex;
    return match[1]!;
  });
}
