import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { readConfigFile } from '../../../src/cli/config/config-file.js';
import { resolveSettings } from '../../../src/cli/config/resolve-settings.js';
import { readValue } from '../../../src/cli/config/setting-kind.js';
import { BROKER_SETTINGS, SETTINGS } from '../../../src/cli/config/settings.js';
import { cleanUp, folder } from '../cli-process.js';
import { spellings } from './setting-arbitrary.js';

const file = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const validate = new Ajv({ allErrors: true }).compile(JSON.parse(file('schemas/modwire.config.schema.json')));
const [example] = /(?<=```json\n)[\s\S]*?(?=```)/.exec(file('docs/configuration.md'))!;

afterEach(cleanUp);

/** A configuration file with one value in it. */
function holding(key: string, value: unknown): unknown {
  const [section, name] = key.split('.') as [string, string?];
  return name === undefined ? { [section]: value } : { [section]: { [name]: value } };
}

describe('the JSON Schema of the configuration file', () => {
  it('takes the documented example, and so does the program', () => {
    expect(validate(JSON.parse(example)), JSON.stringify(validate.errors)).toBe(true);
    const config = readConfigFile(undefined, {}, folder(example));
    const settings = resolveSettings(BROKER_SETTINGS, { file: config, env: {}, flag: () => undefined });
    expect(settings.text('host')).toBe('0.0.0.0');
    expect(settings.section('limits')).toMatchObject({ maxFrameBytes: 1024 ** 2, drainMs: 30_000 });
  });

  it.each([
    { prot: 1 },
    { port: '1x' },
    { port: 65_536 },
    { port: 1.5 },
    { transport: 'tcp' },
    { host: '' },
    { limits: { maxFrameBytes: '1MB' } },
    { limits: { maxFrameBytes: 255 } },
    { limits: { maxFrameByte: 1024 } },
    { limits: 5 },
    { allowedOrigins: ['https://a.example/b'] },
    { client: { url: 5 } },
    { client: { url: 'http://localhost' } },
    { client: { url: 'ws://' } },
    [],
  ])('refuses %j', (config) => {
    expect(validate(config)).toBe(false);
  });

  it.each(SETTINGS)('takes every value of $key', (setting) => {
    const property = fc.property(spellings(setting), ({ value, text }) => {
      expect(validate(holding(setting.key, value))).toBe(true);
      expect(validate(holding(setting.key, text))).toBe(true);
    });
    fc.assert(property, { numRuns: 30 });
  });

  it.each(SETTINGS)('takes no number or other value for $key that the program would refuse', (setting) => {
    const anything = fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.array(fc.nat()));
    const property = fc.property(anything, (value) => {
      expect(validate(holding(setting.key, value))).toBe(readValue(setting.kind, value) !== undefined);
    });
    fc.assert(property, { numRuns: 100 });
  });
});
