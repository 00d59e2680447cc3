import { expect, onTestFinished, test } from 'vitest';
import { bundleForBrowser } from '../support/browser-bundle.js';
import { STORY } from '../support/sdk-story.js';
import { setStoryStage } from '../support/story-stage.js';
import { launchChromium } from './launch-chromium.js';
import { servePage } from './page-server.js';

const PROGRAM = `
import { tellStoryHere } from './test/browser/story-page.js';
window.tellStory = tellStoryHere;
`;

test('a client in Chromium connects, subscribes, publishes, reconnects by itself and learns of exactly what it missed', async (context) => {
  const browser = await launchChromium(context);
  const { code } = await bundleForBrowser(PROGRAM);
  const server = await servePage(code);
  onTestFinished(server.close);
  const stage = await setStoryStage({ allowedOrigins: [server.origin] });
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
