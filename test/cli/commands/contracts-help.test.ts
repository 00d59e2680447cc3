import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/commands.js';
import { runHere } from '../run-here.js';

const GROUPS = COMMANDS.flatMap((command) => ('commands' in command ? [command] : []));
const NESTED = GROUPS.flatMap((group) =>
  group.commands.map((command) => ({ group: group.name, ...command })),
);

const modwire = (...args: readonly string[]) => runHere(args, { cwd: '.' });

describe.each(GROUPS)('modwire $name', ({ name, commands }) => {
  it('names its commands in its help, however that is asked for', async () => {
    const { code, stdout, stderr } = await modwire(name, '--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const command of commands) {
      const summary = command.summary.replaceAll(' ', '\\s+').replaceAll('.', '\\.');
      expect(stdout).toMatch(new RegExp(`^  ${command.name} +${summary}$`, 'm'));
    }
    for (const args of [
      [name, '-h'],
      [name, 'help'],
      ['help', name],
    ]) {
      expect(await modwire(...args)).toMatchObject({ code: 0, stdout });
    }
  });

  it('shows its help and fails without a command', async () => {
    const { code, stdout, stderr } = await modwire(name);
    expect([code, stdout]).toEqual([2, (await modwire(name, '--help')).stdout]);
    expect(stderr).toBe(
      `modwire: INVALID_ARGUMENT: modwire ${name} needs a command: expected one of ${commands.map((one) => one.name).join(', ')}\n`,
    );
  });
});

describe.each(NESTED)('modwire $group $name', ({ group, name, options, usage }) => {
  it('names every flag in its help, also when the rest is wrong', async () => {
    const { code, stdout } = await modwire(group, name, '--no-such-flag', '--help');
    expect(code).toBe(0);
    expect(usage).toMatch(new RegExp(`^${group} ${name}\\b`));
    expect(stdout).toContain(`Usage: modwire ${usage}`);
    for (const option of options) expect(stdout).toMatch(new RegExp(`--${option.name}\\b`));
    for (const args of [
      ['help', group, name],
      [group, 'help', name],
    ]) {
      expect((await modwire(...args)).stdout).toBe(stdout);
    }
  });

  it('refuses flags that it does not have by its whole name', async () => {
    const { code, stderr } = await modwire(group, name, '--no-such-flag');
    expect([code, stderr]).toEqual([2, expect.stringContaining(`modwire ${group} ${name} has no flag`)]);
  });
});

describe('a command of a group that is misspelt', () => {
  it.each([
    [['contracts', 'chekc'], 'modwire contracts has no command "chekc"; did you mean check?'],
    [['contracts', 'publish'], 'modwire contracts has no command "publish"; see modwire contracts --help'],
    [['contracts', '--hlep'], 'modwire contracts has no flag "--hlep"; did you mean --help?'],
    [['help', 'contracts', 'lst'], 'modwire contracts has no command "lst"; did you mean list?'],
    [['contract', 'list'], 'no command "contract"; did you mean contracts?'],
  ])('%j gets advice', async (args, message) => {
    const { code, stdout, stderr } = await modwire(...args);
    expect([code, stdout, stderr]).toEqual([2, '', `modwire: INVALID_ARGUMENT: ${message}\n`]);
  });
});
