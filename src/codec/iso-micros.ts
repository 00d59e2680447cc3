/** Largest distance from 1970 that JavaScript's Date takes. Milliseconds. */
const MAX_DATE_MS = 8_640_000_000_000_000n;

/**
 * Microseconds since the Unix epoch as ISO 8601 in UTC with all six digits: `2026-03-01T12:00:00.123456Z`. Times
 * beyond what a date can be, which only broken producers send, are the bare number.
 */
export function isoMicros(micros: bigint): string {
  const ms = micros / 1000n;
  if (ms > MAX_DATE_MS) return String(micros);
  const tail = String(micros % 1000n).padStart(3, '0');
  return new Date(Number(ms)).toISOString().replace('Z', `${tail}Z`);
}
