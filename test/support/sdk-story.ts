import type { Client, connect as connectToBroker, FrameView } from '../../src/index.js';

/** The rest of the world, as the client in the story cannot see it: for a page it lives outside of the browser. */
export interface StoryWorld {
  /** Another client publishes these values as JSON; resolves when the broker has taken them. */
  publish(subject: string, values: readonly number[]): Promise<void>;
  /** Cuts the network of the client in the story, and of nobody else. */
  cut(): Promise<void>;
  restore(): Promise<void>;
}

/** What happened to the client, one line for each event, in its order. */
export type StoryLines = readonly string[];

/** What must have happened at the end of the story. */
export const STORY: StoryLines = [
  'connected',
  'frame story.count 1: 1',
  'acknowledged story.count 1',
  'frame story.count 2: 2',
  'frame story.count 3: 3',
  'frame story.bytes 1: 0,127,128,255',
  'disconnected',
  'gap story.count 4-6 (disconnected)',
  'gap story.late 1-2 (disconnected)',
  'reconnected',
  'frame story.count 7: 7',
  'frame story.late 3: 3',
  'frame story.count 8: 8',
  'acknowledged story.count 8',
  'iterated story.count: 1,2,3,7,8',
  'closed',
];

/**
 * Connects, subscribes, publishes, loses the connection while others publish, and comes back: the same program for
 * every platform that the SDK runs on. `connect` is the SDK's; `url` leads to a broker that nobody used before.
 */
export async function tellStory(
  connect: typeof connectToBroker,
  url: string,
  world: StoryWorld,
): Promise<StoryLines> {
  const journal = new Journal();
  const client = await connect(url, { name: 'story', reconnectMs: 20, maxReconnectMs: 100 });
  journal.write(client.connected ? 'connected' : 'not connected');
  listen(client, journal);

  await client.subscribe('story.>', (frame) => journal.frame(frame));
  const counts = await client.subscribe('story.count');
  const iterated = collectSequences(counts);

  await publishCount(client, 1, journal);
  await world.publish('story.count', [2, 3]);
  await journal.until('frame story.count 3: 3');
  client.publish('story.bytes', Uint8Array.of(0, 127, 128, 255));
  await journal.until('frame story.bytes 1: 0,127,128,255');

  await world.cut();
  await journal.until('disconnected');
  await world.publish('story.count', [4, 5, 6]);
  await world.publish('story.late', [1, 2]);
  await world.restore();
  await journal.until('reconnected');

  await world.publish('story.count', [7]);
  await journal.until('frame story.count 7: 7');
  await world.publish('story.late', [3]);
  await journal.until('frame story.late 3: 3');
  await publishCount(client, 8, journal);

  await client.drain();
  journal.write(`iterated story.count: ${await iterated}`);
  journal.write(client.closed ? 'closed' : 'not closed');
  return journal.lines;
}

/** What the client has to say beside frames. */
function listen(client: Client, journal: Journal): void {
  client.on('disconnect', () => journal.write('disconnected'));
  client.on('reconnect', () => journal.write('reconnected'));
  client.on('gap', ({ subject, epoch, first, last, reason }) => {
    journal.checkEpoch(subject, epoch);
    journal.write(`gap ${subject} ${first}-${last} (${reason})`);
  });
  client.on('slow', () => journal.write('slow'));
  client.on('error', (error) => journal.write(`error ${error.message}`));
}

/** Publishes with an acknowledgement, and notes it after the frame, since either may come first. */
async function publishCount(client: Client, count: number, journal: Journal): Promise<void> {
  const { subject, sequence } = await client.publish('story.count', count, { ack: true });
  await journal.until(`frame story.count ${count}: ${count}`);
  journal.write(`acknowledged ${subject} ${sequence}`);
}

async function collectSequences(frames: AsyncIterable<FrameView>): Promise<string> {
  const sequences: number[] = [];
  for await (const frame of frames) sequences.push(frame.sequence);
  return sequences.join();
}

/** Lines in their order, and those who wait for one. */
class Journal {
  readonly lines: string[] = [];
  readonly #epochs = new Map<string, number>();
  #waiting: Array<{ line: string; resolve: () => void }> = [];

  write(line: string): void {
    this.lines.push(line);
    for (const { resolve } of this.#waiting.filter((one) => one.line === line)) resolve();
    this.#waiting = this.#waiting.filter((one) => one.line !== line);
  }

  frame(frame: FrameView): void {
    const { subject, epoch, sequence } = frame;
    this.checkEpoch(subject, epoch);
    const value = subject === 'story.bytes' ? frame.payload.join() : String(frame.json());
    this.write(`frame ${subject} ${sequence}: ${value}`);
  }

  /** The broker lives on, so the epoch of a subject never changes; numbers of epochs differ from run to run. */
  checkEpoch(subject: string, epoch: number): void {
    const known = this.#epochs.get(subject) ?? epoch;
    this.#epochs.set(subject, known);
    if (epoch < 1 || epoch !== known) this.write(`epoch of ${subject} became ${epoch}`);
  }

  /** Resolves when the line has been written. */
  until(line: string): Promise<void> {
    if (this.lines.includes(line)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ line, resolve });
    });
  }
}
