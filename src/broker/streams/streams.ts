import type { DescribedStream } from '../../codec/stream-description.js';
import { ModwireError } from '../../errors.js';
import { membersOf, type Place, textOf } from '../../json-members.js';
import type { Limits } from '../../limits.js';
import { ChangeQueue } from '../../registry/change-queue.js';
import type { Purge } from '../../streams/purge.js';
import { readStreamConfig } from '../../streams/read-stream-config.js';
import { checkChange } from '../../streams/retention.js';
import type { StreamConfig } from '../../streams/stream-config.js';
import { StreamLog } from '../../streams/stream-log.js';
import type { StreamStore } from '../../streams/stream-store.js';
import { nowMicros } from '../clock.js';
import { Capture, type CaptureParts } from './capture.js';
import type { Captures } from './captures.js';
import type { StreamHome } from './stream-home.js';

export interface StreamsParts extends CaptureParts {
  readonly limits: Limits;
  readonly home: StreamHome;
  readonly captures: Captures;
  /** Told of filters whose subjects are captured from now on, or no more. */
  readonly changed: (filters: readonly string[]) => void;
  /** Told of a stream that is about to go: nobody may read it any more. */
  readonly removing: (capture: Capture) => void;
}

/** Time between two looks at what has become too old. Milliseconds. */
const TRIM_MS = 1_000;

/** The streams of a broker: those that were there, and what is made, changed and removed of them. Changes happen one after another. */
export class Streams {
  readonly #parts: StreamsParts;
  readonly #queue = new ChangeQueue('streams');
  #trimmedAt = 0;
  #closed: Promise<void> | undefined;

  /** Throws DATA_LOSS when what a stream has cannot be read. */
  constructor(parts: StreamsParts) {
    this.#parts = parts;
    for (const { config, store } of parts.home.found) this.#open(config, store);
  }

  list(): DescribedStream[] {
    return [...this.#parts.captures.all()]
      .map(describe)
      .toSorted((a, b) => (a.config.name < b.config.name ? -1 : 1));
  }

  /** Throws NOT_FOUND. */
  get(name: string): DescribedStream {
    return describe(this.#parts.captures.of(name));
  }

  /** Throws NOT_FOUND. */
  logOf(name: string): StreamLog<unknown> {
    return this.#parts.captures.of(name).log;
  }

  /** A stream that a value of JSON describes. Rejects with INVALID_ARGUMENT, ALREADY_EXISTS, RESOURCE_EXHAUSTED, or what the disk refuses. */
  create(value: unknown): Promise<DescribedStream> {
    return this.#queue.run(0, async () => {
      const { captures, home, limits, changed } = this.#parts;
      const config = readStreamConfig(value);
      captures.check(config);
      if (captures.size >= limits.maxStreams) throw tooMany(limits.maxStreams);
      const capture = this.#open(config, await home.create(config));
      changed(config.filters);
      return describe(capture);
    });
  }

  /**
   * Other bounds or another window of a stream, as a value of JSON says: `name`, and what changes of `retention` and `dedupMs`. Rejects
   * with NOT_FOUND, INVALID_ARGUMENT, FAILED_PRECONDITION, or what the disk refuses.
   */
  update(value: unknown): Promise<DescribedStream> {
    return this.#queue.run(0, async () => {
      const { captures, home } = this.#parts;
      const { name, ...changes } = membersOf({ value, where: '' }, ['name'], ['retention', 'dedupMs']);
      const capture = captures.of(textOf(name));
      const { log } = capture;
      const config = changed(log.config, changes);
      checkChange(log.config, config.retention);
      await home.update(config);
      log.configure(config);
      await log.trim(nowMicros());
      return describe(capture);
    });
  }

  /** Removes records; resolves to how many. Rejects with NOT_FOUND, INVALID_ARGUMENT, or what the disk refuses. */
  async purge(name: string, purge: Purge): Promise<number> {
    return this.#parts.captures.of(name).log.purge(purge);
  }

  /** Removes a stream with all that it has. Frames of its subjects are refused until it is done, then delivered without it. */
  remove(name: string): Promise<DescribedStream> {
    return this.#queue.run(0, async () => {
      const { captures, home, changed, removing } = this.#parts;
      const capture = captures.of(name);
      const last = describe(capture);
      capture.end();
      await capture.log.idle();
      removing(capture);
      captures.remove(capture);
      changed(capture.log.config.filters);
      await capture.log.close();
      await home.remove(name);
      return last;
    });
  }

  /** Has written what has gathered in this turn. */
  commit(): void {
    for (const { log } of this.#parts.captures.all()) log.commit();
  }

  /** Resolves when nothing waits to be stored. */
  async idle(): Promise<void> {
    await Promise.all([...this.#parts.captures.all()].map(({ log }) => log.idle()));
  }

  /** Periodic: removes what has become too old. */
  sweep(nowMs: number): void {
    if (nowMs - this.#trimmedAt < TRIM_MS) return;
    this.#trimmedAt = nowMs;
    for (const { log } of this.#parts.captures.all()) {
      // What the disk refuses the stream's info tells.
      if (log.config.retention.maxAgeMs > 0) log.trim(nowMicros()).catch(() => undefined);
    }
  }

  /** Resolves when what has been taken is stored, or refused, and nothing is open. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #open(config: StreamConfig, store: StreamStore): Capture {
    const { limits, captures, verifier, schedule, stored } = this.#parts;
    const capture = new Capture({ verifier, schedule, stored });
    capture.begin(StreamLog.open(config, store, limits, capture));
    captures.add(capture);
    return capture;
  }

  async #close(): Promise<void> {
    await this.#queue.close();
    await Promise.all([...this.#parts.captures.all()].map(({ log }) => log.close()));
  }
}

function describe({ log }: Capture): DescribedStream {
  return { config: log.config, info: log.info() };
}

/** A configuration of which some bounds, or the window, are others. Throws INVALID_ARGUMENT. */
function changed(
  config: StreamConfig,
  { retention, dedupMs }: { retention?: Place; dedupMs?: Place },
): StreamConfig {
  const names = Object.keys(config.retention);
  const bounds: Partial<Record<string, Place>> =
    retention === undefined ? {} : membersOf(retention, [], names);
  const given = Object.entries(bounds).map(([name, place]) => [name, place!.value]);
  return readStreamConfig({
    ...config,
    retention: { ...config.retention, ...Object.fromEntries(given) },
    ...(dedupMs !== undefined && { dedupMs: dedupMs.value }),
  });
}

function tooMany(maxStreams: number): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'too many streams',
    ...{ expected: `at most maxStreams = ${maxStreams}`, got: 'one more' },
    advice: 'remove one, or raise maxStreams',
  });
}
