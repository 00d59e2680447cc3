import { ERRORS, type ErrorCode, type ModwireError } from '../errors.js';
import { REPORT_MS } from './commands.js';
import type { Figures, Latency, Tally } from './figures.js';
import type { RunResult, Snapshot } from './pipeline.js';
import { FEEDBACK, GATEWAY, type ProcessName, STAGES, type Stage } from './stages.js';

/** One stage's account: what its publishers counted against what its consumer counted. */
export interface StageAccount {
  readonly stage: string;
  /** Frames, by the publishers' count. */
  readonly published: number;
  /** Frames, by the consumer's count. */
  readonly delivered: number;
  /** Published and not delivered. */
  readonly lost: number;
  /** Frames that the consumer was told it would not get. */
  readonly gaps: number;
  /** Published, over the time of sending. */
  readonly framesPerSecond: number;
  /** Payload. */
  readonly bytesPerSecond: number;
  /** From the intended send time of the request. */
  readonly latencyMicros?: Latency | undefined;
}

/** The account of a whole run; `--json` prints it. */
export interface Summary {
  /** Every frame is accounted for, none is lost, and nothing failed. */
  readonly ok: boolean;
  readonly interrupted: boolean;
  readonly exitCode: number;
  /** Over which requests were sent. */
  readonly seconds: number;
  readonly transport: string;
  readonly stages: readonly StageAccount[];
  /** Frames published by all processes, deliveries that they called for, those made, and the difference. */
  readonly total: {
    readonly published: number;
    readonly due: number;
    readonly delivered: number;
    readonly lost: number;
    readonly gaps: number;
  };
  /** Requests: sent, answered with feedback, not answered, answered more than once. */
  readonly requests: {
    readonly sent: number;
    readonly answered: number;
    readonly unanswered: number;
    readonly unexpected: number;
  };
  /** Predictions that name the right cause, correlation, trace and context, those that do not, and those without pair. */
  readonly causes: { readonly joined: number; readonly broken: number; readonly waiting: number };
  /** The broker's own count of frames. */
  readonly broker: { readonly admitted: number; readonly refused: number };
  /** From the intended send time to publishing: how well the gateway kept its schedule. */
  readonly latenessMicros?: Latency | undefined;
  /** How often publishing waited because the broker's window was full. */
  readonly waits: number;
  /** What is wrong, most telling first. */
  readonly problems: readonly string[];
}

const NONE: Tally = { frames: 0, bytes: 0 };

/** The account of every stage as far as it is known. */
export function accountStages(snapshot: Snapshot): StageAccount[] {
  return STAGES.map((stage) => accountStage(stage, snapshot));
}

function accountStage(stage: Stage, { figures, seconds }: Snapshot): StageAccount {
  let published = 0;
  let bytes = 0;
  for (const { process, channel } of stage.sources) {
    const tally = figures[process]?.published[channel] ?? NONE;
    published += tally.frames;
    bytes += tally.bytes;
  }
  const delivered = figures[stage.consumer]?.delivered[stage.name];
  return {
    stage: stage.name,
    published,
    delivered: delivered?.frames ?? 0,
    lost: Math.max(0, published - (delivered?.frames ?? 0)),
    gaps: delivered?.gaps ?? 0,
    framesPerSecond: seconds > 0 ? published / seconds : 0,
    bytesPerSecond: seconds > 0 ? bytes / seconds : 0,
    latencyMicros: delivered?.latency,
  };
}

/** Holds all counts of a run that has ended against each other. */
export function summarize(result: RunResult): Summary {
  const stages = accountStages(result);
  const sum = (field: 'published' | 'delivered' | 'lost' | 'gaps') =>
    stages.reduce((total, stage) => total + stage[field], 0);
  const all = Object.values(result.figures);
  const requests = result.figures[GATEWAY]?.requests;
  const join = result.figures[FEEDBACK]?.join;
  const partial = {
    interrupted: result.interrupted,
    seconds: result.seconds,
    transport: result.transport,
    stages,
    total: {
      published: all.reduce((total, figures) => total + publishedBy(figures), 0),
      due: sum('published'),
      delivered: sum('delivered'),
      lost: sum('lost'),
      gaps: sum('gaps'),
    },
    requests: {
      sent: requests?.sent ?? 0,
      answered: requests?.answered ?? 0,
      unanswered: (requests?.sent ?? 0) - (requests?.answered ?? 0),
      unexpected: requests?.unexpected ?? 0,
    },
    causes: { joined: join?.joined ?? 0, broken: join?.broken ?? 0, waiting: join?.waiting ?? 0 },
    broker: { admitted: result.broker?.admitted ?? 0, refused: result.broker?.refused ?? 0 },
    latenessMicros: result.figures[GATEWAY]?.lateness,
    waits: all.reduce((total, figures) => total + figures.waits, 0),
  };
  const problems = problemsOf(partial, result);
  const code = exitCode(problems.length > 0, result.failure, result.interrupted);
  return { ok: problems.length === 0, exitCode: code, ...partial, problems };
}

type Counts = Omit<Summary, 'ok' | 'exitCode' | 'problems'>;

function problemsOf(counts: Counts, result: RunResult): string[] {
  const { stages, total, requests, causes, broker } = counts;
  const problems: string[] = [];
  if (result.failure !== undefined) problems.push(result.failure.message);
  for (const name of result.dead) {
    problems.push(`${name}: its figures are the last that it gave, up to ${REPORT_MS} ms before its end`);
  }
  for (const { stage, published, delivered, lost, gaps } of stages) {
    if (lost > 0) {
      const known = Math.min(lost, gaps);
      problems.push(`${stage}: ${lost} of ${published} frames lost, ${known} of them reported as gaps`);
    } else if (delivered > published && result.dead.length === 0) {
      problems.push(`${stage}: ${published} frames published, ${delivered} delivered`);
    } else if (gaps > 0) problems.push(`${stage}: ${gaps} frames reported as gaps, yet all delivered`);
  }
  if (requests.unanswered > 0) {
    const named = result.figures[GATEWAY]?.requests?.unanswered.join(', ');
    problems.push(
      `${requests.unanswered} of ${requests.sent} requests without feedback, the first: ${named}`,
    );
  }
  if (requests.unexpected > 0) problems.push(`${requests.unexpected} times feedback to no open request`);
  if (causes.broken > 0) {
    const first = result.figures[FEEDBACK]?.join?.firstBroken;
    problems.push(`${causes.broken} predictions that do not fit their features, the first: ${first}`);
  }
  if (causes.waiting > 0)
    problems.push(`${causes.waiting} features and predictions without their other half`);
  if ((broker.admitted !== total.published && result.dead.length === 0) || broker.refused > 0) {
    problems.push(
      `broker: ${broker.admitted} of ${total.published} frames admitted, ${broker.refused} refused`,
    );
  }
  for (const [name, figures] of Object.entries(result.figures) as Array<[ProcessName, Figures]>) {
    for (const problem of figures.problems) problems.push(`${name}: ${problem}`);
  }
  return problems;
}

function publishedBy({ published }: Figures): number {
  return Object.values(published).reduce((total, { frames }) => total + frames, 0);
}

/** Failures of the kind that the user can mend keep their own code; a loss is a defect. */
function exitCode(wrong: boolean, failure: ModwireError | undefined, interrupted: boolean): number {
  const code: ErrorCode | undefined = failure?.code ?? (wrong ? 'INTERNAL' : undefined);
  if (code !== undefined) return ERRORS[code].exitCode;
  return interrupted ? ERRORS.CANCELLED.exitCode : 0;
}
