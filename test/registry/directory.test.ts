import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bfbsOf } from '../support/flatc.js';
import { installedProgram } from '../support/installed-program.js';
import { type RegistryStep, startRegistry } from '../support/registry-child.js';
import { openRegistry, refusal, temporaryDirectory } from '../support/registry-fixture.js';

const isRoot = process.getuid?.() === 0;

let bfbs: Uint8Array;
let large: Uint8Array;
beforeAll(async () => {
  bfbs = await bfbsOf('table T { a:int; } root_type T;');
  const fields = Array.from({ length: 1_000 }, (_, id) => `field_${id}:int;`).join(' ');
  large = await bfbsOf(`table T { ${fields} } root_type T;`);
});

const register = (contract: string, bytes: Uint8Array): RegistryStep => ({
  method: 'register',
  args: [{ contract, bfbs: Buffer.from(bytes).toString('base64') }],
});
const locks = async (directory: string) =>
  (await readdir(directory)).filter((name) => name.startsWith('lock.'));

describe('the directory of a registry', () => {
  it('is for one registry at a time, in one process too', async () => {
    const directory = await temporaryDirectory();
    const first = await openRegistry(directory);
    const { code, message } = await refusal(openRegistry(directory));
    expect([code, message]).toEqual(['FAILED_PRECONDITION', expect.stringContaining('this process itself')]);
    // The one that was first is not harmed.
    await first.register({ contract: 'a', bfbs });
    await first.close();
    expect(await locks(directory)).toEqual([]);
    expect((await openRegistry(directory)).contracts()).toHaveLength(1);
  });

  it('is for one process at a time, which is named', async () => {
    const directory = await temporaryDirectory();
    const child = startRegistry({ directory });
    expect(await child.next()).toEqual({ open: 0 });
    const { code, message } = await refusal(openRegistry(directory));
    expect(code).toBe('FAILED_PRECONDITION');
    expect(message).toContain(`process ${child.process.pid}`);
    expect(message).toContain(directory);
    expect(message).toContain('stop it, or use another directory');
  });

  it('is taken over from a process that was killed, with all that it has acknowledged', async () => {
    const directory = await temporaryDirectory();
    const child = startRegistry({ directory });
    await child.next();
    child.tell([register('a', bfbs)]);
    expect(await child.next()).toEqual({ done: 0 });
    await child.kill();
    expect(await locks(directory)).toHaveLength(1);
    const registry = await openRegistry(directory);
    expect(registry.contracts().map(({ name }) => name)).toEqual(['a']);
    expect(await locks(directory)).toHaveLength(1);
  });

  it('is let go of when it cannot be opened', async () => {
    const directory = await temporaryDirectory();
    await (await openRegistry(directory)).close();
    await writeFile(join(directory, 'contracts.journal'), 'something else');
    const { code, detail } = await refusal(openRegistry(directory));
    expect(code).toBe('FAILED_PRECONDITION');
    expect(detail.where).toBe(`${join(directory, 'contracts.journal')}, byte 0`);
    expect(await locks(directory)).toEqual([]);
  });

  it('is refused when it is a file', async () => {
    const path = join(await temporaryDirectory(), 'file');
    await writeFile(path, '');
    const { code, detail } = await refusal(openRegistry(path));
    expect([code, detail.where]).toEqual(['FAILED_PRECONDITION', path]);
  });

  it('is refused when it may not be written', async (context) => {
    const directory = join(await temporaryDirectory(), 'registry');
    await mkdir(directory);
    await chmod(directory, 0o555);
    // Root may write everywhere, unless its privileges are taken from it.
    const command = isRoot
      ? [installedProgram(context, ['setpriv'], 'util-linux'), '--bounding-set=-all', '--inh-caps=-all']
      : [];
    const child = startRegistry({ directory }, { command: [...command, process.execPath] });
    const answer = await child.next();
    expect(answer?.refused).toBe('FAILED_PRECONDITION');
    expect(answer?.message).toContain(directory);
    expect(answer?.message).toContain('use a directory that this process may write to');
  });

  it('may be full: a change that finds no room is refused, and what was there before is there', async (context) => {
    const prlimit = installedProgram(context, ['prlimit'], 'util-linux');
    const directory = await temporaryDirectory();
    await (await openRegistry(directory)).close();
    // A bound on files stands for one on the disk: no file grows beyond it.
    const command = [prlimit, '--fsize=16384', process.execPath];
    const child = startRegistry({ directory }, { command });
    await child.next();
    child.tell([register('small', bfbs), register('large', large), register('next', bfbs)]);
    expect(await child.next()).toEqual({ done: 0 });
    const answer = await child.next();
    expect(answer?.refused).toBe('RESOURCE_EXHAUSTED');
    expect(answer?.message).toContain('make room on the disk and try again');
    expect(await child.next()).toEqual({ done: 2 });
    await child.kill();
    const registry = await openRegistry(directory);
    expect(
      registry
        .contracts()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['next', 'small']);
    expect(await readdir(join(directory, 'schemas'))).toHaveLength(1);
  });
});
