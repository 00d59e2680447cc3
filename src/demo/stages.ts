/** The processes of the demo, by name. */
export const GATEWAY = 'gateway';
export const FEEDBACK = 'feedback';
export const WORKERS = ['worker 0', 'worker 1'] as const;

export type ProcessName = typeof GATEWAY | typeof FEEDBACK | (typeof WORKERS)[number];

/** One publisher's count of what it sent into a stage. */
export interface Source {
  readonly process: ProcessName;
  readonly channel: string;
}

/** A way that frames go: who publishes into it, and who receives all of it. */
export interface Stage {
  /** Under this name its consumer counts. */
  readonly name: string;
  readonly sources: readonly Source[];
  readonly consumer: ProcessName;
}

export const PREDICTIONS_CHANNEL = 'predictions';
export const FEEDBACK_CHANNEL = 'feedback';

/** Features are counted by shard where they are published, since each worker takes one shard. */
export function featuresChannel(shard: number): string {
  return `features.${shard}`;
}

export function workerStage(shard: number): string {
  return `features → worker ${shard}`;
}

/** The feedback consumer gets all features too, beside the workers: to it they fan out. */
export const JOIN_STAGE = 'features → feedback';
export const PREDICTIONS_STAGE = 'predictions → feedback';
export const FEEDBACK_STAGE = 'feedback → gateway';

const FEATURES: readonly Source[] = WORKERS.map((_, shard) => ({
  process: GATEWAY,
  channel: featuresChannel(shard),
}));

/** Every way of the pipeline, in the order in which a request goes through it. */
export const STAGES: readonly Stage[] = [
  ...WORKERS.map((consumer, shard) => ({ name: workerStage(shard), sources: [FEATURES[shard]!], consumer })),
  { name: JOIN_STAGE, sources: FEATURES, consumer: FEEDBACK },
  {
    name: PREDICTIONS_STAGE,
    sources: WORKERS.map((process) => ({ process, channel: PREDICTIONS_CHANNEL })),
    consumer: FEEDBACK,
  },
  {
    name: FEEDBACK_STAGE,
    sources: [{ process: FEEDBACK, channel: FEEDBACK_CHANNEL }],
    consumer: GATEWAY,
  },
];
