import { toModwireError } from '../../errors.js';
import { VERSION } from '../../version.js';
import type { Arguments } from '../arguments.js';
import type { TableCommand } from '../command.js';
import type { CheckResult } from '../doctor/check.js';
import type { Measured } from '../doctor/measure.js';
import { toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';

const USAGE = 'doctor [OPTION]...';

/** `modwire doctor`: what Modwire runs on here, why, and what could be better. */
export const doctor: TableCommand = {
  usage: USAGE,
  details: [
    'It looks at Node.js, the transport that a broker would take, and the native addon; and it measures from what size ' +
      'of payload the addon and the worker pool pay. It reads the same configuration as modwire serve.',
    'The exit code is 0 unless something was asked for that cannot be had, such as the addon with MODWIRE_NATIVE=1.',
  ],
  options: [{ name: 'json', about: 'Print one JSON object.' }],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<void> {
  args.expectPositionals(0, 0, USAGE);
  const { stdout } = terminal;
  // Loaded only when it is needed: help and mistakes are answered faster without.
  const { CHECKS } = await import('../doctor/checks.js');
  const results: CheckResult[] = [];
  for (const check of CHECKS) results.push(await check(terminal));
  const measured = await measure();
  const offloadBytes = await measureOffload(results);
  if (args.has('json')) await stdout.line(reportJson(results, measured, offloadBytes));
  else {
    const { checksText, measuredText, offloadText } = await import('../doctor/report-text.js');
    const lines = [stdout.style.bold(`modwire ${VERSION}`), ...checksText(results, stdout)];
    if (measured !== undefined) lines.push('', ...measuredText(measured, stdout.style));
    if (offloadBytes !== undefined) lines.push('', offloadText(offloadBytes));
    for (const line of lines) await stdout.line(line);
  }
  const failed = results.find(({ error }) => error !== undefined);
  if (failed !== undefined) throw failed.error;
}

/** Undefined where there is nothing to compare: the addon is not in use. */
async function measure(): Promise<Measured | undefined> {
  const { nativeStatus } = await import('../../native/load-native.js');
  try {
    if (!nativeStatus().inUse) return undefined;
  } catch {
    // MODWIRE_NATIVE is not valid: the check of the addon says so.
    return undefined;
  }
  const { kernels, typeScriptKernels } = await import('../../native/kernels.js');
  const { measureVerifiers } = await import('../doctor/measure.js');
  return measureVerifiers(typeScriptKernels().verifier, kernels().verifier);
}

/** Undefined, with what is wrong among the results, where there is no verifier or no pool. */
async function measureOffload(results: CheckResult[]): Promise<number | undefined> {
  if (results.some(({ error }) => error !== undefined)) return undefined;
  const { measurePool } = await import('../doctor/measure-pool.js');
  try {
    return await measurePool();
  } catch (thrown) {
    const error = toModwireError(thrown);
    const failure = { value: 'does not work', why: error.message, advice: undefined, error };
    results.push({ name: 'worker pool', state: 'failed', ...failure });
    return undefined;
  }
}

function reportJson(
  results: readonly CheckResult[],
  measured: Measured | undefined,
  offloadBytes: number | undefined,
): string {
  const checks = results.map(({ error, ...result }) =>
    error === undefined ? result : { ...result, error: error.toJSON() },
  );
  return toJsonLine({
    version: VERSION,
    checks,
    ...(measured === undefined ? {} : { verifyNanos: measured }),
    offloadBytes,
  });
}
