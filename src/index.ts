/** `modwire`: the client SDK, for Node.js and browsers, with the codec's types that it hands out. */
export type { SignalOptions } from './client/abort.js';
export type { CallContext } from './client/calls/call-context.js';
export type {
  CallExplanation,
  CandidateVerdict,
  ContractRequestOptions,
  ContractStreamRequestOptions,
  ExplainedAttempt,
  ExplainedCandidate,
  ExplainedContract,
  ExplainedExperiment,
  ExplainedWorker,
  HedgeOptions,
  ReplyContract,
  RequestOptions,
  RetryOptions,
  StreamRequestOptions,
} from './client/calls/call-options.js';
export type { CallCounts } from './client/calls/calling-client.js';
export type { DescribedReply, ReplyOptions } from './client/calls/described-reply.js';
export type { IncomingRequest, Reply } from './client/calls/received.js';
export type { ReplyStream } from './client/calls/reply-stream.js';
export type {
  HandlerResult,
  PlainHandler,
  RequestContract,
  RequestHandler,
  ServeOptions,
  WorkerPolicyName,
} from './client/calls/serve-options.js';
export type { Service, ServiceCapacity } from './client/calls/service.js';
export type { Client } from './client/client.js';
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
export type { ConsumeOptions, MessageHandler, RecordContract } from './client/streams/consume-options.js';
export type { Consumer } from './client/streams/consumer.js';
export type { LostRange } from './client/streams/lost-range.js';
export type { ReadFrom, ReadOptions, ReadTo } from './client/streams/read-options.js';
export type {
  ReplayCounts,
  ReplayOptions,
  ReplayProgress,
  ReplaySpeed,
} from './client/streams/replay-options.js';
export { ReplayStopped } from './client/streams/replay-options.js';
export type {
  ConsumerConfig,
  ConsumerInfo,
  ConsumerManagement,
  ConsumerStart,
  DescribedConsumer,
  MemberInfo,
  NewConsumer,
  NewStream,
  PauseOptions,
  StreamChange,
  StreamManagement,
} from './client/streams/stream-management.js';
export type { NakOptions, StreamMessage } from './client/streams/stream-message.js';
export type { StreamReader, StreamRecord } from './client/streams/stream-reader.js';
export type { SubscribeOptions } from './client/subscribe-options.js';
export type { Subscription } from './client/subscription.js';
export type { TraceContext } from './codec/frame-fields.js';
export type { FrameView } from './codec/frame-view.js';
export { ContentType } from './codec/generated/modwire/content-type.js';
export { formatUuid, toHex } from './codec/message-id.js';
export type { DescribedStream, Purge, StreamConfig, StreamInfo } from './codec/stream-description.js';
export type { RuleName, Violation } from './codec/verify-rule.js';
export type { Contract, ContractDefinition } from './contracts/contract.js';
export { defineContract } from './contracts/define-contract.js';
export type { TableClass, TableObject } from './contracts/table-class.js';
export type { ValueViolation } from './contracts/value-violation.js';
export { ERRORS, type ErrorCode, type ErrorDetail, type ErrorRow, ModwireError } from './errors.js';
