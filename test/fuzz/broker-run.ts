import { connect } from 'modwire';
import { Attacker } from './attacker.js';
import { BATCH_FRAMES, BrokenBatch } from './broken-batch.js';
import { BrokerProcess, MAX_VIOLATIONS } from './broker-process.js';
import { FuzzFailure } from './fuzz-failure.js';
import { HealthyPair } from './healthy-pair.js';
import { LawBroken } from './laws.js';
import { Prng } from './prng.js';

const ATTACKERS = 6;
/** How much the broker's memory may grow after the first tenth of the cases. Bytes. */
const GROWTH_BYTES = 160 * 1024 * 1024;
const WARM_UP = 0.1;
/** Closed because of too many malformed frames; the broker's close codes are part of the protocol. */
const TOO_MANY_VIOLATIONS = 4401;

/** What became of the cases so far. */
export interface BrokerTally {
  cases: number;
  batches: number;
  /** Connections of attackers that the broker closed, by close code. */
  closed: Record<number, number>;
  /** Frames that the witness was delivered. */
  delivered: number;
  /** Messages between the healthy clients. */
  healthy: number;
  rssWarm: number;
  rssEnd: number;
}

export interface BrokerRunOptions {
  readonly seed: number;
  readonly start: number;
  readonly frames: number;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly progress: (tally: BrokerTally) => void;
}

/**
 * Sends broken frames to a broker from several connections, while two healthy clients beside them must lose nothing.
 * Throws FuzzFailure when the broker ends, hangs, grows, sends what is not valid, or fails the healthy ones.
 */
export async function runAgainstBroker(options: BrokerRunOptions): Promise<BrokerTally> {
  const broker = await BrokerProcess.start();
  try {
    return await new BrokerRun(broker, options).run();
  } finally {
    await broker.stop();
  }
}

class BrokerRun {
  readonly #broker: BrokerProcess;
  readonly #options: BrokerRunOptions;
  readonly #tally: BrokerTally = {
    cases: 0,
    batches: 0,
    closed: {},
    delivered: 0,
    healthy: 0,
    rssWarm: 0,
    rssEnd: 0,
  };
  /** What each attacker sent last: one of these is the culprit when the broker ends. */
  readonly #inFlight: Uint8Array[] = Array.from({ length: ATTACKERS }, () => new Uint8Array(0));
  #next: number;
  #failed = false;

  constructor(broker: BrokerProcess, options: BrokerRunOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#next = options.start;
  }

  async run(): Promise<BrokerTally> {
    const { url } = this.#broker;
    const tally = this.#tally;
    const pair = await HealthyPair.start(url);
    const witness = await Attacker.connect(url);
    witness.subscribe();
    try {
      const deadline = performance.now() + this.#options.durationMs;
      await Promise.all(this.#inFlight.map((_, which) => this.#attack(which, pair, deadline)));
      await pair.stop();
      tally.healthy = pair.received;
      tally.delivered = witness.frames;
      tally.rssEnd = this.#broker.rss();
      this.#check(pair, witness);
      await this.#checkAlive();
    } catch (cause) {
      throw this.#failure(cause);
    } finally {
      witness.close();
      await pair.close();
    }
    const how = await this.#broker.stop();
    if (how !== 'exit code 0') throw this.#failure(new LawBroken('the broker stops when told to', how));
    return tally;
  }

  /** One attacker after the other, each until the broker closes it. */
  async #attack(which: number, pair: HealthyPair, deadline: number): Promise<void> {
    const batch = new BrokenBatch();
    const prng = new Prng(0);
    const { seed, start, frames, progress } = this.#options;
    const end = start + frames;
    let attacker: Attacker | undefined;
    try {
      while (
        this.#next < end &&
        !this.#failed &&
        pair.complaint === undefined &&
        performance.now() < deadline
      ) {
        attacker ??= await Attacker.connect(this.#broker.url);
        const count = Math.min(BATCH_FRAMES, end - this.#next);
        const bytes = batch.make(prng, seed, this.#next, count);
        this.#inFlight[which] = bytes;
        this.#next += count;
        const answer = await attacker.send(bytes);
        this.#tally.cases += count;
        this.#tally.batches++;
        if (this.#tally.rssWarm === 0 && this.#next - start >= frames * WARM_UP) {
          this.#tally.rssWarm = this.#broker.rss();
        }
        if (answer !== 'done') {
          this.#checkClosed(attacker, answer.closed);
          attacker = undefined;
        }
        progress(this.#tally);
      }
    } catch (cause) {
      this.#failed = true;
      throw cause;
    } finally {
      attacker?.close();
    }
  }

  #checkClosed(attacker: Attacker, code: number): void {
    this.#tally.closed[code] = (this.#tally.closed[code] ?? 0) + 1;
    // The one too many is answered as well, then the connection is closed.
    const most = MAX_VIOLATIONS + 1;
    if (attacker.malformed > most + 1 || (code === TOO_MANY_VIOLATIONS && attacker.malformed !== most)) {
      const found = `${attacker.malformed} failures before the close with ${code}`;
      throw new LawBroken(`a session is closed after ${MAX_VIOLATIONS} malformed frames`, found);
    }
  }

  #check(pair: HealthyPair, witness: Attacker): void {
    const tally = this.#tally;
    if (pair.complaint !== undefined) throw new LawBroken('healthy clients notice nothing', pair.complaint);
    if (witness.complaint !== undefined) throw witness.complaint;
    if (tally.rssWarm > 0 && tally.rssEnd - tally.rssWarm > GROWTH_BYTES) {
      throw new LawBroken(
        'memory stays bounded',
        `${tally.rssWarm} bytes after warm-up, ${tally.rssEnd} at the end`,
      );
    }
  }

  async #checkAlive(): Promise<void> {
    const client = await connect(this.#broker.url, { reconnect: false });
    await client.publish('fuzz.alive', { still: true }, { ack: true });
    await client.close();
  }

  #failure(cause: unknown): FuzzFailure {
    const { ended, lastWords } = this.#broker;
    const batches = this.#inFlight.filter((batch) => batch.length > 0);
    const bytes = new Uint8Array(batches.reduce((sum, batch) => sum + batch.length, 0));
    let at = 0;
    for (const batch of batches) {
      bytes.set(batch, at);
      at += batch.length;
    }
    const told =
      ended === undefined ? cause : new Error(`the broker ended: ${ended}\n${lastWords}`, { cause });
    return new FuzzFailure(this.#options.seed, this.#next, bytes, told);
  }
}
