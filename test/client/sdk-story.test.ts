import { afterEach, describe, expect, test } from 'vitest';
import { connect } from '../../src/index.js';
import { STORY, tellStory } from '../support/sdk-story.js';
import { type StoryStage, setStoryStage } from '../support/story-stage.js';

let stage: StoryStage;
afterEach(() => stage.close());

describe.each(['auto', 'ws'] as const)(
  'a client in Node.js, with a broker on the transport %s',
  (transport) => {
    test('connects, subscribes, publishes, reconnects by itself and learns of exactly what it missed', async () => {
      stage = await setStoryStage({ transport });

      const lines = await tellStory(connect, stage.url, stage.world);

      expect(lines).toEqual(STORY);
    });
  },
);
