import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/commands.js';
import { ERRORS } from '../../src/errors.js';
import { VERSION } from '../../src/version.js';
import { run } from './cli-process.js';
import { cleanUp } from './cli-run.js';
import { runHere } from './run-here.js';

afterEach(cleanUp);

describe('modwire', () => {
  it.each([['--help'], ['-h'], ['help']])('%s names every command and exit code', async (flag) => {
    const { code, stdout, stderr } = await runHere([flag]);
    expect([code, stderr]).toEqual([0, '']);
    for (const { name, summary } of COMMANDS) {
      const words = summary.replaceAll('.', '\\.').replaceAll(' ', '\\s+');
      expect(stdout).toMatch(new RegExp(`^  ${name} +${words}$`, 'm'));
    }
    for (const [name, { exitCode }] of Object.entries(ERRORS))
      expect(stdout).toContain(`${exitCode} ${name}`);
  });

  it.each(COMMANDS.filter((command) => 'options' in command))(
    '$name --help names every flag, also when the rest is wrong',
    async ({ name, options }) => {
      const { code, stdout } = await runHere([name, '--no-such-flag', '--help']);
      expect(code).toBe(0);
      for (const option of options) expect(stdout).toMatch(new RegExp(`--${option.name}\\b`));
      expect((await runHere(['help', name])).stdout).toBe(stdout);
    },
  );

  it('leaves arguments and help of the demo to the demo', async () => {
    const { code, stdout } = await run(['demo', '--help']);
    expect([code, stdout]).toEqual([0, (await run(['help', 'demo'])).stdout]);
    expect(stdout).toContain('modwire demo');
    expect((await run(['demo', '--no-such-flag'])).code).toBe(2);
  });

  it.each([['--version'], ['-v']])('%s is the version of the package', async (flag) => {
    for (const modwire of [runHere, run])
      expect(await modwire([flag])).toMatchObject({ code: 0, stdout: `${VERSION}\n` });
  });

  it.each([
    [[], 'no command; see modwire --help'],
    [['serv'], 'no command "serv"; did you mean serve?'],
    [['--vesion'], 'no flag "--vesion"; did you mean --version?'],
    [['help', 'pubs'], 'no command "pubs"; did you mean pub?'],
    [['serve', '--prot', '1'], 'modwire serve has no flag --prot; did you mean --port?'],
    [['serve', 'now'], 'too many arguments: expected modwire serve [OPTION]..., got "now"'],
    [['sub'], 'an argument is missing: expected modwire sub FILTER... [OPTION]..., got none'],
    [['pub', '\u001b[31m', 'x'], 'not a subject'],
  ])('%j is INVALID_ARGUMENT: one line on standard error, exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await runHere(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^modwire: INVALID_ARGUMENT: [^\n]*\n$/);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('\u001b');
  });

  it('fails when its output cannot be written', async () => {
    const { execFile } = await import('node:child_process');
    const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
    const command = `exec "$0" "$1" --help > /dev/full`;
    const failed = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile('/bin/sh', ['-c', command, process.execPath, main], (error, _, stderr) =>
        resolve({ code: error?.code, stderr }),
      );
    });
    expect(failed.code).toBe(ERRORS.INTERNAL.exitCode);
    expect(failed.stderr).toContain('modwire: INTERNAL: cannot write the output: got ENOSPC');
  });

  it('is a program: its first line says what runs it', () => {
    const text = readFileSync(new URL('../../dist/cli/main.js', import.meta.url), 'utf8');
    expect(text).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
