import { type Browser, chromium } from 'playwright-core';
import { onTestFinished, type TestContext } from 'vitest';
import { installedProgram } from '../support/installed-program.js';

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A browser that does nothing of its own on the network. */
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts Chromium until the end of the test; skips the test where there is none. */
export async function launchChromium(context: TestContext): Promise<Browser> {
  const executablePath = installedProgram(context, CHROMIUM_NAMES, 'chromium');
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
  onTestFinished(() => browser.close());
  return browser;
}
