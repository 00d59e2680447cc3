import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../support/browser-bundle.js';

const HEADING = '## Ten lines to the first message';

export interface ReadmeExample {
  /** The program as it is printed, to be saved as a module. */
  readonly program: string;
  /** What the README says that it prints. */
  readonly output: string;
}

/** Takes the first example out of the README: the program, and the block of text after it. */
export function readmeExample(): ReadmeExample {
  const readme = readFileSync(join(PACKAGE_ROOT, 'README.md'), 'utf8');
  const start = readme.indexOf(`\n${HEADING}\n`);
  if (start < 0) throw new Error(`README.md: expected the heading "${HEADING}"`);
  const program = fencedBlock(readme, start, 'js');
  const output = fencedBlock(readme, program.end, 'text');
  return { program: program.text, output: output.text };
}

function fencedBlock(text: string, from: number, language: string): { text: string; end: number } {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  fence.lastIndex = from;
  const match = fence.exec(text);
  if (match === null) throw new Error(`README.md: expected a block of ${language} after "${HEADING}"`);
  return { text: match[1]!, end: fence.lastIndex };
}
