/** `modwire`: the client SDK, for Node.js and browsers, with the codec's types that it hands out. */
export type { Client } from './client/client.js';
export type { ClientEvents, Gap, GapReason } from './client/client-events.js';
export { connect } from './client/connect.js';
export type { ClientLimits, ConnectOptions } from './client/options.js';
export type { AckedPublishOptions, Payload, PublishAck, PublishOptions } from './client/publish-options.js';
export type { FrameListener, Subscription } from './client/subscription.js';
export type { TraceContext } from './codec/frame-fields.js';
export type { FrameView } from './codec/frame-view.js';
export { ContentType } from './codec/generated/modwire/content-type.js';
export { formatUuid, toHex } from './codec/message-id.js';
export { ERRORS, type ErrorCode, type ErrorDetail, type ErrorRow, ModwireError } from './errors.js';
