import type { Payload, PublishOptions } from '../publish-options.js';

/** What a reply may carry beside its payload. Everything left out is absent from the frame. */
export type ReplyOptions = Pick<
  PublishOptions,
  'contentType' | 'schemaId' | 'experiment' | 'variant' | 'headers'
>;

/** A reply whose handler says more than its payload: `context.reply` makes one. */
export class DescribedReply {
  /** @internal */ readonly payload: Payload;
  /** @internal */ readonly options: ReplyOptions;

  /** @internal */
  constructor(payload: Payload, options: ReplyOptions) {
    this.payload = payload;
    this.options = options;
  }
}
