// Compiled by a test as a user's program: it only has to type-check.
import { type Client, connect, type Gap, ModwireError, type PublishAck, type Subscription } from 'modwire';
import { startBroker } from 'modwire/broker';
import { FrameWriter, type Memory, openFrame } from 'modwire/codec';

export async function useAll(signal: AbortSignal, memory: Memory): Promise<number> {
  const broker = await startBroker({ port: 0, limits: { maxSessions: 10 } });
  const client: Client = await connect(broker.url, { name: 'consumer', signal, maxQueuedFrames: 16 });
  const gaps: Gap[] = [];
  const off: () => void = client.on('gap', (gap) => gaps.push(gap));
  const more: boolean = client.publish('models.ranker', { score: 1 }, { timeout: 1000 });
  if (!more) await client.ready({ signal });
  const ack: PublishAck = await client.publish('models.ranker', new Uint8Array(8), { ack: true });
  const subscription: Subscription = await client.subscribe('models.>');
  for await (const frame of subscription) {
    const payload: Uint8Array = frame.payload;
    if (payload.length > 0 && frame.sequence > ack.sequence) break;
  }
  off();

  // @ts-expect-error A limit that there is not.
  await startBroker({ limits: { maxEverything: 1 } });
  // @ts-expect-error An event that there is not.
  client.on('gone', () => undefined);
  // @ts-expect-error Without ack there is nothing to wait for.
  const wrong: PublishAck = client.publish('models.ranker', 1);

  const bytes = new FrameWriter().encode({ subject: wrong.subject, id: ack.id, publishedAt: 1 });
  try {
    return openFrame(bytes).publishedAt + memory.length + gaps[0]!.last;
  } catch (thrown) {
    return thrown instanceof ModwireError && thrown.code === 'MALFORMED_FRAME' ? 1 : 2;
  }
}
