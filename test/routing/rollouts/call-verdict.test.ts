import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../../src/errors.js';
import { callVerdict } from '../../../src/routing/rollouts/call-verdict.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];

describe('the verdict on a call', () => {
  it('holds every error against the version that is the fault of services or of time', () => {
    const blamed = CODES.filter((code) => ['service', 'time'].includes(ERRORS[code].category));
    for (const code of blamed) expect([code, callVerdict(code)]).toEqual([code, 'failed']);
  });

  it('is as the documentation has it', () => {
    const text = readFileSync(new URL('../../../docs/rollouts.md', import.meta.url), 'utf8');
    const listed = (heading: string) => {
      const row = text.split('\n').find((line) => line.startsWith(`| ${heading} |`))!;
      return (row.split('|')[2]!.match(/[A-Z_]{4,}/g) ?? []).sort();
    };
    const decided = (verdict: string) => CODES.filter((code) => callVerdict(code) === verdict).sort();
    expect(listed('failed')).toEqual(decided('failed'));
    expect(listed("the caller's making")).toEqual(decided('caller'));
    expect(listed('not counted')).toEqual(decided('none'));
  });
});
