import { ORIGIN_PATTERN } from '../../broker/http-origin.js';
import { quantityPattern } from './quantity.js';
import { type SettingKind, URL_PATTERN } from './setting-kind.js';
import { SETTINGS, type Setting } from './settings.js';

type JsonSchema = Record<string, unknown>;

/** The JSON Schema of the configuration file, for editors: draft 7, which all of them know. */
export function configJsonSchema(): JsonSchema {
  const properties: Record<string, JsonSchema> = {
    $schema: { type: 'string', description: 'Where editors find this schema.' },
  };
  for (const setting of SETTINGS) {
    const [section, name] = setting.key.split('.') as [string, string?];
    if (name === undefined) properties[section] = schemaOf(setting);
    else {
      properties[section] ??= {
        type: 'object',
        description: SECTION_TEXTS[section],
        additionalProperties: false,
        properties: {},
      };
      (properties[section].properties as Record<string, JsonSchema>)[name] = schemaOf(setting);
    }
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'modwire.config.json',
    description: 'Configuration of Modwire. Environment variables and flags win over this file.',
    type: 'object',
    additionalProperties: false,
    properties,
  };
}

const SECTION_TEXTS: Readonly<Record<string, string>> = {
  limits: 'Bounds of the broker.',
  client: 'What modwire pub and modwire sub connect to, and their bounds.',
};

function schemaOf(setting: Setting): JsonSchema {
  return { description: setting.about, default: setting.default, ...typeOf(setting.kind) };
}

function typeOf(kind: SettingKind): JsonSchema {
  switch (kind.type) {
    case 'quantity':
      return {
        anyOf: [
          { type: 'integer', minimum: kind.min, maximum: kind.max },
          { type: 'string', pattern: quantityPattern(kind.unit) },
        ],
      };
    case 'text':
      return { type: 'string', minLength: 1, maxLength: kind.maxLength };
    case 'choice':
      return { enum: kind.choices };
    case 'boolean':
      return { enum: [true, false, 'true', 'false'] };
    case 'directory':
      return { type: 'string' };
    case 'url':
      return { type: 'string', pattern: URL_PATTERN };
    case 'origins':
      return {
        anyOf: [{ type: 'array', items: { type: 'string', pattern: ORIGIN_PATTERN } }, { type: 'string' }],
      };
  }
}
