import { setTimeout as delay } from 'node:timers/promises';
import type { Subscription } from '../../client/subscription.js';

/** Frames that may wait when a subscription is ended. */
const SHORT_QUEUE = 1_000;
const LOOK_AGAIN_MS = 10;

/**
 * Ends subscriptions of one client once few frames wait in their queues. Waiting for the broker's answer means to read
 * on, also into a queue that is full, and what did not fit there would be lost.
 */
export async function endSubscriptions(...subscriptions: readonly Subscription[]): Promise<void> {
  while (subscriptions.some(({ queued }) => queued > SHORT_QUEUE)) await delay(LOOK_AGAIN_MS);
  await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()));
}
