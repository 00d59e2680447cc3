import type { Output } from '../output/output.js';
import { printable } from '../output/printable.js';
import type { Style } from '../output/style.js';
import type { CheckResult } from './check.js';
import { type Measured, REGION_PAYLOADS } from './measure.js';

const MARGIN = '  ';

/** What was found, as lines for people. */
export function checksText(results: readonly CheckResult[], output: Output): string[] {
  const { style } = output;
  const columns = Math.max(...results.map(({ name }) => name.length));
  const paints = { good: style.green, lesser: style.yellow, failed: style.red };
  return results.flatMap(({ name, state, value, why, advice, details = {} }) => {
    const hanging = MARGIN + ' '.repeat(columns) + MARGIN;
    const lines = [
      `${MARGIN}${style.cyan(name.padEnd(columns))}${MARGIN}${paints[state](value)}: ${printable(why)}`,
    ];
    for (const [detail, text] of Object.entries(details))
      lines.push(`${hanging}${style.dim(`${detail}: ${text}`)}`);
    if (advice !== undefined) lines.push(`${hanging}${printable(advice)}`);
    return lines;
  });
}

/** What verifying costs, and from where on native pays. */
export function measuredText({ single, region, nativePaysFromBytes }: Measured, style: Style): string[] {
  const rows = [
    ['payload', 'TypeScript', 'native'],
    ...[
      ...single.map((size) => ({
        ...size,
        what: `${size.tables} ${size.tables === 1 ? 'table' : 'tables'}, ${size.bytes} bytes`,
      })),
      { ...region, what: `${REGION_PAYLOADS} of ${region.bytes} bytes in one call, each` },
    ].map(({ what, typescript, native }) => [what, nanos(typescript), nanos(native)]),
  ];
  const columns = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map(([what, typescript, native], index) => {
    const text = [
      what!.padEnd(columns[0]!),
      typescript!.padStart(columns[1]!),
      native!.padStart(columns[2]!),
    ];
    return MARGIN + (index === 0 ? style.dim(text.join(MARGIN)) : text.join(MARGIN));
  });
  const verdict =
    nativePaysFromBytes === undefined
      ? 'For payloads one by one native pays at none of these sizes.'
      : `For payloads one by one native pays from ${nativePaysFromBytes.toLocaleString('en-US')} bytes of nested tables on.`;
  return [style.bold('Verifying a payload takes'), ...lines, verdict];
}

/** From where on the worker pool pays. */
export function offloadText(offloadBytes: number): string {
  return `The worker pool pays from ${offloadBytes.toLocaleString('en-US')} bytes on (offloadBytes).`;
}

function nanos(time: number): string {
  return `${time < 100 ? time.toFixed(1) : Math.round(time)} ns`;
}
