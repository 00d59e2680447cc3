import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../../src/cli/config/config-file.js';
import { cleanUp, folder } from '../cli-process.js';

afterEach(cleanUp);

const read = (config: unknown) => readConfigFile(undefined, {}, folder(config));

describe('the configuration file', () => {
  it('is not needed', () => {
    expect(readConfigFile(undefined, {}, folder())).toBeUndefined();
  });

  it('is found in the working directory, and its keys are read in both levels', () => {
    const file = read({
      $schema: 'x',
      port: 1,
      limits: { maxFrameBytes: '1MiB' },
      client: { url: 'ws://h' },
    });
    expect(file?.path).toBe('modwire.config.json');
    expect([...file!.values]).toEqual([
      ['port', 1],
      ['limits.maxFrameBytes', '1MiB'],
      ['client.url', 'ws://h'],
    ]);
  });

  it('is another one by flag, else by variable', () => {
    const cwd = folder({ port: 1 });
    for (const [name, port] of [
      ['flag.json', 2],
      ['variable.json', 3],
    ] as const) {
      writeFileSync(join(cwd, name), JSON.stringify({ port }));
    }
    const env = { MODWIRE_CONFIG: 'variable.json' };
    expect(readConfigFile('flag.json', env, cwd)?.values.get('port')).toBe(2);
    expect(readConfigFile(undefined, env, cwd)?.values.get('port')).toBe(3);
    expect(readConfigFile(undefined, { MODWIRE_CONFIG: '' }, cwd)?.values.get('port')).toBe(1);
  });

  it('must be there when it was asked for', () => {
    const cwd = folder();
    const missing = (flag: string | undefined, env: NodeJS.ProcessEnv) => () =>
      readConfigFile(flag, env, cwd);
    expect(missing('no.json', {})).toThrow('no configuration file: got no.json (from flag --config)');
    expect(missing(undefined, { MODWIRE_CONFIG: 'no.json' })).toThrow('environment variable MODWIRE_CONFIG');
    expect(missing('no.json', {})).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  it('may begin with a byte order mark', () => {
    expect(read('\ufeff{"port": 5}')?.values.get('port')).toBe(5);
  });

  it.each([
    ['{"port": 1,\n  "name": }', 'the configuration file is not JSON', '(modwire.config.json:2:11)'],
    ['[1]', 'the configuration file is not valid', 'expected an object, got [1]'],
    ['null', 'the configuration file is not valid', 'expected an object, got null'],
    ['{"limits": 5}', 'limits is not valid', '(from modwire.config.json, key limits)'],
    ['{"prot": 1}', 'unknown key "prot"', 'did you mean port?'],
    [
      '{"limits": {"maxFrameByte": 1}}',
      'unknown key "limits.maxFrameByte"',
      'did you mean limits.maxFrameBytes?',
    ],
    ['{"maxFrameBytes": 1}', 'unknown key "maxFrameBytes"', 'did you mean limits.maxFrameBytes?'],
    ['{"limit": {}}', 'unknown key "limit"', 'did you mean limits?'],
    ['{"__proto__": {"port": 1}}', 'unknown key "__proto__"', 'in modwire.config.json'],
    ['{"limits": {"constructor": 1}}', 'unknown key "limits.constructor"', 'in modwire.config.json'],
  ])('is refused with its place: %s', (text, what, detail) => {
    expect(() => read(text)).toThrow(what);
    expect(() => read(text)).toThrow(detail);
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('is refused when it cannot be read', () => {
    expect(() => readConfigFile('.', {}, folder())).toThrow('got EISDIR');
  });
});
