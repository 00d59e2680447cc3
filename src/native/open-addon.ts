import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { INTERFACE_VERSION, type NativeAddon } from './native-addon.js';

/** The addon, or why there is none. */
export type OpenedAddon =
  | { readonly addon: NativeAddon; readonly path: string }
  | { readonly addon: undefined; readonly why: string };

/** Loads the addon of the package in `folder`. Never throws. */
export function openAddon(folder: string): OpenedAddon {
  const path = join(folder, 'native/build/Release/modwire.node');
  if (!existsSync(path)) return { addon: undefined, why: whyNotBuilt(folder) };
  let addon: NativeAddon;
  try {
    addon = createRequire(path)(path) as NativeAddon;
  } catch (error) {
    const [line] = (error as Error).message.split('\n');
    return { addon: undefined, why: `it cannot be loaded: ${line}` };
  }
  if (addon.interfaceVersion === INTERFACE_VERSION) return { addon, path };
  return { addon: undefined, why: 'it was built from the sources of another version' };
}

/** What scripts/build-native.mjs wrote down. */
function whyNotBuilt(folder: string): string {
  let status: { readonly built: boolean; readonly reason?: string };
  try {
    status = JSON.parse(readFileSync(join(folder, 'native/build/status.json'), 'utf8'));
  } catch {
    return 'it was not built: install scripts did not run';
  }
  return status.built ? 'it was built and is gone' : `it could not be built: ${status.reason}`;
}
