import { Redis } from 'ioredis';
import { type Driver, SUBJECT } from './driver.js';

/** Commands that leave together. Both 50 and 1000 were slower. */
const MESSAGES_PER_PIPELINE = 200;

/** Redis pub/sub through ioredis, pipelined; the next pipeline fills while one is under way. */
export const redisDriver: Driver = {
  async connectPublisher(url) {
    const redis = await open(url);
    let pipeline = redis.pipeline();
    let underWay: Promise<unknown> = Promise.resolve();

    function leave(): Promise<unknown> {
      const sent = pipeline.exec();
      pipeline = redis.pipeline();
      return sent;
    }

    return {
      publish: (payload) => {
        pipeline.publish(SUBJECT, payload as Buffer);
        return pipeline.length < MESSAGES_PER_PIPELINE;
      },
      ready: async () => {
        const before = underWay;
        underWay = leave();
        await before;
      },
      flush: async () => {
        await Promise.all([underWay, leave()]);
      },
    };
  },

  async subscribe(url, tally) {
    const redis = await open(url);
    redis.on('messageBuffer', (_channel: Buffer, message: Buffer) => tally.add(message));
    await redis.subscribe(SUBJECT);
  },
};

async function open(url: string): Promise<Redis> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  await redis.connect();
  return redis;
}
