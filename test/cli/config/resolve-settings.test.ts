import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLimit, resolveBrokerOptions } from '../../../src/broker/options.js';
import {
  resolveSettings,
  type Sources,
  suspiciousVariables,
} from '../../../src/cli/config/resolve-settings.js';
import { BROKER_SETTINGS, CLIENT_SETTINGS, SETTINGS } from '../../../src/cli/config/settings.js';
import { CLIENT_LIMITS } from '../../../src/client/client-limits.js';
import { resolveConnectOptions } from '../../../src/client/options.js';
import { BROKER_LIMITS, LIMIT_NAMES, type LimitName } from '../../../src/limits.js';
import { spellings } from './setting-arbitrary.js';

const NO_FLAG: Sources['flag'] = () => undefined;

describe('the settings', () => {
  it('hold every limit of the broker and the client, with its default', () => {
    const defaults = new Map(SETTINGS.map((setting) => [setting.key, setting.default]));
    for (const name of LIMIT_NAMES) expect(defaults.get(`limits.${name}`)).toBe(BROKER_LIMITS[name].default);
    for (const [name, value] of Object.entries(CLIENT_LIMITS))
      expect(defaults.get(`client.${name}`)).toBe(value);
  });

  it('have the defaults that the broker has by itself', () => {
    const { limits, ...options } = resolveBrokerOptions({});
    const defaults = BROKER_SETTINGS.map(({ key, default: value }) => [key.replace('limits.', ''), value]);
    expect(Object.fromEntries(defaults)).toEqual({ ...options, ...limits });
  });

  it('have a key, a variable and a flag of their own', () => {
    for (const part of ['key', 'env', 'flag'] as const) {
      expect(new Set(SETTINGS.map((setting) => setting[part])).size).toBe(SETTINGS.length);
    }
    const { key, env, flag } = SETTINGS.find(({ name }) => name === 'maxFrameBytes')!;
    expect([key, env, flag]).toEqual(['limits.maxFrameBytes', 'MODWIRE_MAX_FRAME_BYTES', 'max-frame-bytes']);
  });

  it.each(BROKER_SETTINGS)('take for $key only what the broker takes', (setting) => {
    const [section, name] = setting.key.split('.') as [string, LimitName?];
    const property = fc.property(spellings(setting), ({ value }) => {
      if (name === undefined)
        expect(resolveBrokerOptions({ [section]: value })).toMatchObject({ [section]: value });
      else expect(checkLimit(name, Number(value))).toBe(value);
    });
    fc.assert(property, { numRuns: 20 });
  });

  it.each(CLIENT_SETTINGS)('take for $key only what the client takes', (setting) => {
    if (setting.kind.type !== 'quantity') return;
    for (const value of [setting.kind.min, setting.kind.max]) {
      expect(resolveConnectOptions('ws://localhost', { [setting.name]: value })).toMatchObject({
        [setting.name]: value,
      });
    }
  });
});

describe('the value of a setting', () => {
  it.each(SETTINGS)('$key: default, then file, then environment, then flag', (setting) => {
    const given = fc.option(spellings(setting), { nil: undefined });
    fc.assert(
      fc.property(given, given, given, fc.boolean(), (inFile, inEnv, asFlag, asText) => {
        // Files hold numbers as such or as text.
        const raw = inFile === undefined || asText ? inFile?.text : inFile.value;
        const values = new Map(inFile === undefined ? [] : [[setting.key, raw]]);
        const resolved = resolveSettings([setting], {
          file: { path: 'modwire.config.json', values },
          env: inEnv === undefined ? {} : { [setting.env]: inEnv.text },
          flag: (name) => (name === setting.flag ? asFlag?.text : undefined),
        });
        const [one] = resolved.all;
        const winner = asFlag ?? inEnv ?? inFile;
        expect(one!.value).toEqual(winner === undefined ? setting.default : winner.value);
        const file = inFile === undefined ? 'default' : 'file';
        expect(one!.origin).toBe(asFlag !== undefined ? 'flag' : inEnv !== undefined ? 'env' : file);
      }),
      { numRuns: 50 },
    );
  });

  const port = BROKER_SETTINGS.find(({ key }) => key === 'port')!;

  it.each([
    [
      'file',
      { file: { path: 'a.json', values: new Map([['port', 70_000]]) }, env: {}, flag: NO_FLAG },
      'a.json, key port',
    ],
    [
      'variable',
      { file: undefined, env: { MODWIRE_PORT: 'x' }, flag: NO_FLAG },
      'environment variable MODWIRE_PORT',
    ],
    ['flag', { file: undefined, env: {}, flag: () => '-1' }, 'flag --port'],
  ])('that is not valid is refused with its place: %s', (_, sources, place) => {
    expect(() => resolveSettings([port], sources)).toThrow(`(from ${place})`);
    expect(() => resolveSettings([port], sources)).toThrow('expected a whole number from 0 to 65535');
  });

  it('is refused in the file although a flag would win, and although another command would use it', () => {
    const file = { path: 'a.json', values: new Map<string, unknown>([['port', true]]) };
    expect(() => resolveSettings([port], { file, env: {}, flag: () => '1' })).toThrow('a.json, key port');
    expect(() => resolveSettings(CLIENT_SETTINGS, { file, env: {}, flag: NO_FLAG })).toThrow(
      'a.json, key port',
    );
  });

  it('is the default when its variable is empty', () => {
    const sources = { file: undefined, env: { MODWIRE_PORT: '' }, flag: NO_FLAG };
    expect(resolveSettings([port], sources).all[0]).toMatchObject({ value: 7300, origin: 'default' });
  });

  it('is refused with a hint when Kubernetes has set the variable for a service', () => {
    const sources = { file: undefined, env: { MODWIRE_PORT: 'tcp://10.0.0.1:7300' }, flag: NO_FLAG };
    expect(() => resolveSettings([port], sources)).toThrow('enableServiceLinks');
  });
});

describe('variables that are not read', () => {
  it('are told when they look like a setting, and left alone otherwise', () => {
    const env = {
      MODWIRE_MAX_FRAME_BYTE: '1',
      MODWIRE_SERVICE_HOST: '10.0.0.1',
      OTHER: '1',
      MODWIRE_URL: 'x',
    };
    expect(suspiciousVariables(env)).toEqual([
      'environment variable MODWIRE_MAX_FRAME_BYTE is not read; did you mean MODWIRE_MAX_FRAME_BYTES?',
    ]);
  });
});
