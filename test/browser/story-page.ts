import { connect } from 'modwire';
import { type StoryLines, type StoryWorld, tellStory } from '../support/sdk-story.js';

declare global {
  interface Window {
    // What happens outside of the browser is given to the page as functions.
    storyPublish: StoryWorld['publish'];
    storyCut: StoryWorld['cut'];
    storyRestore: StoryWorld['restore'];
    tellStory: typeof tellStoryHere;
  }
}

/** Tells the story with the page's own client. */
export function tellStoryHere(url: string): Promise<StoryLines> {
  return tellStory(connect, url, {
    publish: window.storyPublish,
    cut: window.storyCut,
    restore: window.storyRestore,
  });
}
