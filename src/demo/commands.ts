import type { ErrorCode } from '../errors.js';
import type { BrokerFigures, Figures } from './figures.js';
import type { Version } from './stages.js';

/**
 * What the demo's processes do when they are told to, over the channel that Node.js gives a forked process. Arguments
 * and results are JSON.
 */
export interface BrokerCommands {
  start(plan?: BrokerPlan): Promise<{ readonly url: string; readonly transport: string }>;
  /** Its last word. */
  drain(): Promise<BrokerFigures>;
}

export interface GatewayCommands {
  connect(plan: GatewayPlan): Promise<void>;
  /** Resolves with the seconds it took when the last request is sent. */
  run(): Promise<number>;
  /** Has `run` end now, and resolves when it has. */
  stop(): Promise<void>;
  /** Resolves when every request has its outcome. */
  settle(): Promise<void>;
  drain(): Promise<Figures>;
}

export interface FeaturesCommands {
  connect(plan: ProcessPlan): Promise<void>;
  drain(): Promise<Figures>;
}

export interface ScorerCommands {
  connect(plan: ScorerPlan): Promise<void>;
  drain(): Promise<Figures>;
}

export interface FeedbackCommands {
  connect(plan: ProcessPlan): Promise<void>;
  drain(): Promise<Figures>;
}

export interface BrokerPlan {
  /** Where it keeps what is to last; without, in memory. */
  readonly dataDir: string;
}

export interface ProcessPlan {
  /** Of the broker. */
  readonly url: string;
}

export interface ScorerPlan extends ProcessPlan {
  /** Of the model that it serves. */
  readonly version: Version;
}

export interface GatewayPlan extends ProcessPlan {
  readonly arrivals: ArrivalPlan;
  readonly seed: number;
  readonly durationSeconds: number;
}

/** Where arrivals come from. */
export type ArrivalPlan =
  | { readonly kind: 'generated'; readonly rate: number }
  | { readonly kind: 'trace'; readonly path: string; readonly speed: number };

// biome-ignore lint/suspicious/noExplicitAny: an interface of functions of any one argument
export type Commands<C> = { [Name in keyof C]: (argument: any) => unknown };

/** Parent to child. */
export interface Call {
  readonly id: number;
  readonly command: string;
  readonly argument: unknown;
}

/** Child to parent: the answer to a call, or figures that nobody asked for. */
export type Report =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code: ErrorCode; readonly message: string } }
  | { readonly figures: unknown };

/** How often figures are reported. Milliseconds. */
export const REPORT_MS = 250;
