import { checkGroupName } from '../codec/group-name.js';
import { ModwireError } from '../errors.js';
import type { SignalOptions } from './abort.js';

/** How a client subscribes. The signal ends the subscription. */
export interface SubscribeOptions extends SignalOptions {
  /**
   * Shares what the filter selects with all subscriptions that name the same group, of whichever client and whatever
   * filter: each message goes to one of them. 1 to 256 characters; left out, the subscription gets everything.
   */
  readonly group?: string;
  /**
   * Of subjects that a stream captures: what was missed while there was no connection, or by reading too slowly, comes from
   * the stream before what is new. With true it is told as a gap instead. False unless given.
   */
  readonly skipHistory?: boolean;
}

/** What follows a filter and a contract, in either order. */
export interface SubscribeArguments {
  readonly listener: ((...args: never[]) => void) | undefined;
  readonly options: SubscribeOptions;
}

/** Throws INVALID_ARGUMENT for what is not valid. */
export function subscribeArguments(given: readonly unknown[]): SubscribeArguments {
  const [listener, more] = ['function', 'object'].map((type) => given.find((one) => typeof one === type));
  const unfit = given.find((one) => one !== undefined && one !== listener && one !== more);
  if (unfit !== undefined) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'subscribe cannot use an argument',
      expected: 'a listener, options, or both',
      got: String(unfit),
    });
  }
  const options = (more ?? {}) as SubscribeOptions;
  if (options.group !== undefined) checkGroupName(options.group);
  return { listener: listener as SubscribeArguments['listener'], options };
}
