import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runNode } from '../native/run-node.js';
import { PACKAGE_FOLDER } from '../support/native-addon.js';

const [, program, output] =
  /```js\n(.*?)```\n\nIt prints:\n\n```text\n(.*?)```/s.exec(
    readFileSync(join(PACKAGE_FOLDER, 'docs/tensors.md'), 'utf8'),
  ) ?? [];

it("runs the document's program as it is printed there, with the output that is printed there", async () => {
  const run = await runNode(['--input-type=module', '--eval', program!], {}, PACKAGE_FOLDER);
  expect(run).toEqual({ code: 0, stdout: output, stderr: '' });
});
