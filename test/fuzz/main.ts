// The fuzzer: breaks real frames and payloads, and holds the verifiers and a live broker to their laws. See options.ts.
import { ModwireError } from 'modwire/codec';
import { type BrokerTally, runAgainstBroker } from './broker-run.js';
import { fuzzContracts } from './contract-fuzz.js';
import { FuzzFailure } from './fuzz-failure.js';
import { type FuzzOptions, parseOptions, USAGE } from './options.js';
import { Progress } from './progress.js';
import type { VerifierTally } from './verifier-run.js';
import { watchVerifier } from './verifier-watch.js';

/** Of so many frames one goes to the broker, the others to the codec alone. */
const BROKER_SHARE = 10;

const progress = new Progress();
const count = (value: number) => value.toLocaleString('en-US');
const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    console.log(`seed ${options.seed}`);
    if (options.target === 'contracts') await fuzzContracts(options, progress);
    else await fuzz(options);
    return 0;
  } catch (thrown) {
    progress.end();
    return fail(thrown, args);
  }
}

async function fuzz(options: FuzzOptions): Promise<void> {
  const { frames, start, seed, broker, durationMs } = options;
  const toBroker = broker ? Math.floor(frames / BROKER_SHARE) : 0;
  const began = performance.now();
  await fuzzVerifier(options, frames - toBroker, broker ? durationMs * (1 - 1 / BROKER_SHARE) : durationMs);
  if (toBroker === 0) return;
  const brokerBegan = performance.now();
  const tally = await runAgainstBroker({
    ...{ seed, start: start + frames - toBroker, frames: toBroker },
    durationMs: durationMs - (brokerBegan - began),
    progress: (now) => {
      if (progress.due) progress.show(`broker ${count(now.cases)} of ${count(toBroker)}`);
    },
  });
  progress.end();
  reportBroker(tally, performance.now() - brokerBegan);
}

async function fuzzVerifier(options: FuzzOptions, frames: number, durationMs: number): Promise<void> {
  const began = performance.now();
  const { seed, start } = options;
  const tally = await watchVerifier({ seed, start, frames, durationMs }, ({ cases }) => {
    if (progress.due) progress.show(`codec ${count(cases)} of ${count(frames)}`);
  });
  progress.end();
  reportVerifier(tally, performance.now() - began);
}

function reportVerifier(tally: VerifierTally, tookMs: number): void {
  const rate = Math.round((tally.cases / tookMs) * 1000);
  console.log(
    `codec: ${count(tally.cases)} cases in ${(tookMs / 1000).toFixed(1)} s, ${count(rate)} a second`,
  );
  console.log(`  frames   ${count(tally.framesAccepted)} accepted, ${count(tally.framesRejected)} rejected`);
  console.log(
    `  control  ${count(tally.controlsAccepted)} accepted, ${count(tally.controlsRejected)} rejected`,
  );
  console.log(`  batches  ${count(tally.batchesWhole)} read to the end, ${count(tally.batchesBroken)} not`);
}

function reportBroker(tally: BrokerTally, tookMs: number): void {
  const closed = Object.entries(tally.closed).map(([code, times]) => `${count(times)} with ${code}`);
  console.log(
    `broker: ${count(tally.cases)} cases in ${(tookMs / 1000).toFixed(1)} s, ${count(tally.batches)} batches`,
  );
  console.log(`  closed   ${closed.length === 0 ? 'no connection' : closed.join(', ')}`);
  console.log(
    `  beside   ${count(tally.healthy)} healthy messages, none lost; witness got ${count(tally.delivered)} frames`,
  );
  console.log(`  memory   ${mebibytes(tally.rssWarm)} after warm-up, ${mebibytes(tally.rssEnd)} at the end`);
}

/** Says what went wrong and returns the exit code. */
function fail(thrown: unknown, args: readonly string[]): number {
  if (thrown instanceof ModwireError) {
    console.error(`fuzz: ${thrown.message}`);
    return thrown.row.exitCode;
  }
  if (thrown instanceof FuzzFailure) {
    console.error(thrown.report());
    const path = thrown.keep(parseOptions(args).keep);
    console.error(`kept in ${path}; copy it to test/fixtures/fuzz/ once it is understood`);
    return 1;
  }
  console.error(thrown);
  return 1;
}
