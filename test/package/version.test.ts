import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VERSION } from '../../src/version.js';
import { PACKAGE_ROOT } from '../support/browser-bundle.js';

const read = (name: string) => JSON.parse(readFileSync(join(PACKAGE_ROOT, name), 'utf8'));

test('the version that programs say is the one of the package, and the lock file has it too', () => {
  expect(VERSION).toBe(read('package.json').version);
  expect(VERSION).toBe(read('package-lock.json').version);
});
