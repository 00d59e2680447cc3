import { fileURLToPath } from 'node:url';
import type { NativeAddon } from '../../src/native/native-addon.js';
import { openAddon } from '../../src/native/open-addon.js';

export const PACKAGE_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The addon of this checkout whatever MODWIRE_NATIVE says; undefined where it is not built, which is said once. With
 * CI=true that is an error.
 */
export function builtAddon(): NativeAddon | undefined {
  const opened = openAddon(PACKAGE_FOLDER);
  if (opened.addon !== undefined) return opened.addon;
  const text = `no native addon, ${opened.why}; run node scripts/build-native.mjs to test it`;
  if (process.env.CI === 'true') throw new Error(text);
  console.warn(`skipped: ${text}`);
  return undefined;
}
