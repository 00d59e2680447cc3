import type { ErrorCode } from '../errors.js';
import { accountCalls, accountStages, type CallAccount, failedCount, type StageAccount } from './accounts.js';
import type { Figures } from './figures.js';
import type { Latency } from './latency.js';
import type { RunResult } from './pipeline.js';
import { FEEDBACK, GATEWAY } from './stages.js';

/** What was counted in a run. */
export interface Counts {
  readonly interrupted: boolean;
  /** Over which requests were sent. */
  readonly seconds: number;
  readonly transport: string;
  readonly calls: readonly CallAccount[];
  readonly stages: readonly StageAccount[];
  /** Frames published by all processes, deliveries that they called for, those made, and the difference. */
  readonly total: {
    readonly published: number;
    readonly due: number;
    readonly delivered: number;
    readonly lost: number;
    readonly gaps: number;
  };
  /** Requests by what became of them. */
  readonly requests: {
    readonly sent: number;
    /** Predicted and explained to the end. */
    readonly answered: number;
    /** Ended with an error, by its code. */
    readonly failed: Readonly<Partial<Record<ErrorCode, number>>>;
    /** Without an outcome. */
    readonly open: number;
    readonly predicted: number;
    /** Predicted, and feedback came. */
    readonly fedBack: number;
    /** Outcomes and feedback to no open request. */
    readonly unexpected: number;
  };
  /** Predictions that name the same cause, correlation, trace and context as their features, those that do not, and those without pair. */
  readonly causes: { readonly joined: number; readonly broken: number; readonly waiting: number };
  /** The broker's own count: frames; requests each time that one was made, those open, and answers that came too late. */
  readonly broker: {
    readonly admitted: number;
    readonly refused: number;
    readonly requests: number;
    readonly open: number;
    readonly late: number;
  };
  /** Requests made again after an attempt that failed. */
  readonly retries: number;
  /** From the intended send time to sending: how well the gateway kept its schedule. */
  readonly latenessMicros?: Latency | undefined;
  /** From the intended send time to the last token of the explanation. */
  readonly answerMicros?: Latency | undefined;
  /** How often publishing found the broker's window full. */
  readonly waits: number;
}

/** All counts of a run that has ended. */
export function countsOf(result: RunResult): Counts {
  const stages = accountStages(result);
  const sum = (field: 'published' | 'delivered' | 'lost' | 'gaps') =>
    stages.reduce((total, stage) => total + stage[field], 0);
  const all = Object.values(result.figures);
  const gateway = result.figures[GATEWAY];
  const {
    sent = 0,
    answered = 0,
    failed = {},
    predicted = 0,
    fedBack = 0,
    unexpected = 0,
  } = gateway?.requests ?? {};
  const join = result.figures[FEEDBACK]?.join;
  const { broker } = result;
  return {
    interrupted: result.interrupted,
    seconds: result.seconds,
    transport: result.transport,
    calls: accountCalls(result),
    stages,
    total: {
      published: all.reduce((total, figures) => total + publishedBy(figures), 0),
      due: sum('published'),
      delivered: sum('delivered'),
      lost: sum('lost'),
      gaps: sum('gaps'),
    },
    requests: {
      ...{ sent, answered, failed, open: sent - answered - failedCount(failed) },
      ...{ predicted, fedBack, unexpected },
    },
    causes: { joined: join?.joined ?? 0, broken: join?.broken ?? 0, waiting: join?.waiting ?? 0 },
    broker: broker ?? { admitted: 0, refused: 0, requests: 0, open: 0, late: 0 },
    retries: all.reduce((total, { retries = 0 }) => total + retries, 0),
    latenessMicros: gateway?.lateness,
    answerMicros: gateway?.answers,
    waits: all.reduce((total, figures) => total + figures.waits, 0),
  };
}

function publishedBy({ published }: Figures): number {
  return Object.values(published).reduce((total, { frames }) => total + frames, 0);
}
