/** `modwire`: the client SDK, for Node.js and browsers, with the codec's types that it hands out. */
export type { Client, SignalOptions } from './client/client.js';
export type { ContractRegistration, ResolvedSchema } from './client/client-contracts.js';
export type { ClientEvents, Gap, GapReason, Unreadable } from './client/client-events.js';
export { connect } from './client/connect.js';
export type { ContractFrame, ContractListener, FrameListener } from './client/frame-reading.js';
export type { ClientLimits, ConnectOptions } from './client/options.js';
export type {
  AckedContractPublishOptions,
  AckedPublishOptions,
  ContractPublishOptions,
  Payload,
  PublishAck,
  PublishOptions,
} from './client/publish-options.js';
export type { Subscription } from './client/subscription.js';
export type { TraceContext } from './codec/frame-fields.js';
export type { FrameView } from './codec/frame-view.js';
export { ContentType } from './codec/generated/modwire/content-type.js';
export { formatUuid, toHex } from './codec/message-id.js';
export type { RuleName, Violation } from './codec/verify-rule.js';
export type { Contract, ContractDefinition } from './contracts/contract.js';
export { defineContract } from './contracts/define-contract.js';
export type { TableClass, TableObject } from './contracts/table-class.js';
export type { ValueViolation } from './contracts/value-violation.js';
export { ERRORS, type ErrorCode, type ErrorDetail, type ErrorRow, ModwireError } from './errors.js';
