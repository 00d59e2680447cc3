import { type Browser, chromium } from 'playwright-core';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { bundleForBrowser } from '../support/browser-bundle.js';
import { installedProgram } from '../support/installed-program.js';
import { STORY } from '../support/sdk-story.js';
import { setStoryStage } from '../support/story-stage.js';
import { servePage } from './page-server.js';

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

const PROGRAM = `
import { tellStoryHere } from './test/browser/story-page.js';
window.tellStory = tellStoryHere;
`;

test('a client in Chromium connects, subscribes, publishes, reconnects by itself and learns of exactly what it missed', async (context) => {
  const browser = await launchChromium(context);
  const { code } = await bundleForBrowser(PROGRAM);
  const server = await servePage(code);
  onTestFinished(server.close);
  const stage = await setStoryStage();
  onTestFinished(stage.close);

  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const { publish, cut, restore } = stage.world;
  await page.exposeFunction('storyPublish', publish);
  await page.exposeFunction('storyCut', cut);
  await page.exposeFunction('storyRestore', restore);
  await page.goto(server.url);
  const lines = await page.evaluate((url) => window.tellStory(url), stage.url);

  expect(lines).toEqual(STORY);
  expect(errors).toEqual([]);
});

async function launchChromium(context: TestContext): Promise<Browser> {
  const executablePath = installedProgram(context, CHROMIUM_NAMES, 'chromium');
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
  onTestFinished(() => browser.close());
  return browser;
}
