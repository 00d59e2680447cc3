import { builtinModules } from 'node:module';
import { expect } from 'vitest';
import type { BrowserBundle } from '../support/browser-bundle.js';

/** Packages for Node.js alone. Some have a file for browsers that only throws, so bundlers do not complain. */
const NODE_PACKAGES = /(^|\/)node_modules\/(ws|uWebSockets\.js|uws-pack)\//;

/** Fails when a bundle holds a module that a browser has no use for, or asks for one that it has not. */
export function expectOnlyBrowserModules(bundle: BrowserBundle): void {
  expect(bundle.missing).toEqual([]);
  expect(bundle.inputs.filter(isForNode)).toEqual([]);
}

function isForNode(path: string): boolean {
  // Bundlers mark what a package's "browser" field turned off.
  const name = path.replace(/^\(disabled\):/, '');
  return NODE_PACKAGES.test(path) || name.startsWith('node:') || builtinModules.includes(name);
}
