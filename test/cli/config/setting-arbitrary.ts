import fc from 'fast-check';
import { formatQuantity } from '../../../src/cli/config/quantity.js';
import type { SettingValue } from '../../../src/cli/config/setting-kind.js';
import type { Setting } from '../../../src/cli/config/settings.js';

/** A value that a setting takes, and texts that stand for it. */
export interface Spelling {
  readonly value: SettingValue;
  readonly text: string;
}

/** Any valid value of a setting in any of its spellings. */
export function spellings({ kind }: Setting): fc.Arbitrary<Spelling> {
  switch (kind.type) {
    case 'quantity': {
      const { unit, min, max } = kind;
      const value = fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
      return fc
        .tuple(value, fc.boolean())
        .map(([value, short]) => ({ value, text: short ? formatQuantity(value, unit) : String(value) }));
    }
    case 'text':
      return fc.string({ minLength: 1, maxLength: 20 }).map((value) => ({ value, text: value }));
    case 'boolean':
      return fc.boolean().map((value) => ({ value, text: String(value) }));
    case 'directory':
      // An empty variable counts as not set.
      return fc
        .string({ minLength: 1, maxLength: 20 })
        .filter((value) => !value.includes('\0'))
        .map((value) => ({ value, text: value }));
    case 'url':
      return fc
        .webUrl({ validSchemes: ['ws', 'wss'], withQueryParameters: true })
        .map((value) => ({ value, text: value }));
    case 'origins':
      // An empty variable counts as not set.
      return fc
        .array(
          fc.constantFrom(
            '*',
            'http://localhost:5173',
            'https://app.example',
            'HTTPS://[::1]:8443',
            'app://x',
          ),
          { minLength: 1, maxLength: 4 },
        )
        .map((value) => ({ value, text: value.join(', ') }));
    case 'choice':
      return fc.constantFrom(...kind.choices).map((value) => ({ value, text: value }));
  }
}
