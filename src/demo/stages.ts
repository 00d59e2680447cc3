/** The processes of the demo, by name. */
export const GATEWAY = 'gateway';
export const FEATURES = 'features';
export const FEEDBACK = 'feedback';
export const SCORERS = ['scorer v1', 'scorer v2'] as const;

export type ProcessName = typeof GATEWAY | typeof FEATURES | typeof FEEDBACK | (typeof SCORERS)[number];

/** Versions of the scoring model, one for each scorer. */
export const VERSIONS = ['v1', 'v2'] as const;

export type Version = (typeof VERSIONS)[number];

/** One publisher's count of what it sent into a stage. */
export interface Source {
  readonly process: ProcessName;
  readonly channel: string;
}

/** A way that published frames go: who publishes into it, and who receives all of it. */
export interface Stage {
  /** Under this name its consumer counts. */
  readonly name: string;
  readonly sources: readonly Source[];
  readonly consumer: ProcessName;
}

/** A way that requests go, and their replies back. Both count under its name. */
export interface Hop {
  readonly name: string;
  readonly caller: ProcessName;
  readonly worker: ProcessName;
  /** Whether requests are replied to with streams. */
  readonly stream: boolean;
}

export const PREDICT_HOP = 'gateway → features';

export function scoreHop(version: Version): string {
  return `features → score ${version}`;
}

export function explainHop(version: Version): string {
  return `gateway → explain ${version}`;
}

/** Every call that a request is made of, in their order. */
export const HOPS: readonly Hop[] = [
  { name: PREDICT_HOP, caller: GATEWAY, worker: FEATURES, stream: false },
  ...VERSIONS.map((version, index): Hop => {
    return { name: scoreHop(version), caller: FEATURES, worker: SCORERS[index]!, stream: false };
  }),
  ...VERSIONS.map((version, index): Hop => {
    return { name: explainHop(version), caller: GATEWAY, worker: SCORERS[index]!, stream: true };
  }),
];

export const FEATURES_CHANNEL = 'features';
export const PREDICTIONS_CHANNEL = 'predictions';
export const FEEDBACK_CHANNEL = 'feedback';

export const FEATURES_STAGE = 'features → feedback';
export const PREDICTIONS_STAGE = 'predictions → feedback';
export const FEEDBACK_STAGE = 'feedback → gateway';

/** Everything that is published, in the order in which a request causes it. */
export const STAGES: readonly Stage[] = [
  {
    name: FEATURES_STAGE,
    sources: [{ process: FEATURES, channel: FEATURES_CHANNEL }],
    consumer: FEEDBACK,
  },
  {
    name: PREDICTIONS_STAGE,
    sources: [{ process: GATEWAY, channel: PREDICTIONS_CHANNEL }],
    consumer: FEEDBACK,
  },
  {
    name: FEEDBACK_STAGE,
    sources: [{ process: FEEDBACK, channel: FEEDBACK_CHANNEL }],
    consumer: GATEWAY,
  },
];
