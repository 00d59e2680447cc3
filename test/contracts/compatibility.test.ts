import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CompatibilityReport,
  compareSchemas,
  versionsToCompare,
  violations,
} from '../../src/contracts/compatibility.js';
import { COMPATIBILITY_LEVELS } from '../../src/contracts/compatibility-level.js';
import { COMPATIBILITY_RULE_IDS, COMPATIBILITY_RULES } from '../../src/contracts/compatibility-rules.js';
import type { Finding, Verdict } from '../../src/contracts/finding.js';
import { MAX_FINDINGS } from '../../src/contracts/findings.js';
import { CHANGES } from '../support/compatibility/changes.js';
import { PLAIN, planText, schemaPlan } from '../support/schema-plan.js';
import { conform, rooted } from '../support/schemas.js';

/** Rules of which the opposite change means something else than the same in the other direction. */
const ONE_SIDED =
  /^(field-added|field-removed|field-(un)?deprecated|field-required-.*deprecated|(enum-value|union-member)-(added|removed))/;

const inWords = ({ rule, backward, forward, source }: Finding): string =>
  `${rule} ${backward} ${forward}${source === 'ok' ? '' : ` ${source}`}`;

async function compare(before: string, after: string): Promise<CompatibilityReport> {
  return compareSchemas(await rooted(before), await rooted(after));
}

describe.each(CHANGES)('when $title', ({ before, after, forth, back }) => {
  it('finds what the change means', async () => {
    expect((await compare(before, after)).findings.map(inWords)).toEqual(forth.findings);
  });

  it('finds what the opposite change means', async () => {
    expect((await compare(after, before)).findings.map(inWords)).toEqual(back.findings);
  });

  it('knows what flatc --conform says', async () => {
    expect(await conform(before, after)).toBe(forth.conform);
    expect(await conform(after, before)).toBe(back.conform);
  });
});

describe('the changes that are tried', () => {
  it('name every rule', () => {
    const named = CHANGES.flatMap(({ forth, back }) => [...forth.findings, ...back.findings]);
    expect(new Set(named.map((finding) => finding.split(' ')[0]))).toEqual(new Set(COMPATIBILITY_RULE_IDS));
  });

  it('show that flatc --conform is silent on breaking changes, and complains of harmless ones', () => {
    const expectations = CHANGES.flatMap(({ forth, back }) => [forth, back]);
    const breaks = (findings: readonly string[]): boolean =>
      findings.some((text) => text.includes('breaking'));
    const silent = expectations.filter(({ findings, conform }) => conform === '' && breaks(findings));
    const loud = expectations.filter(({ findings, conform }) => conform !== '' && !breaks(findings));
    expect([silent.length, loud.length]).toEqual([36, 14]);
  });

  it('are those that the documentation names as unseen by flatc --conform', () => {
    const silent = CHANGES.flatMap(({ forth, back }) => [forth, back]).filter(
      ({ conform }) => conform === '',
    );
    const unseen = silent.flatMap(({ findings }) => findings.filter((text) => text.includes('breaking')));
    const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
    const [, listed = ''] = /<!-- conform: .*? -->(.*)<!-- end of conform -->/s.exec(page)!;
    const rules = new Set(unseen.map((text) => text.split(' ')[0]!));
    expect([...listed.matchAll(/`([^`]+)`/g)].map(([, rule]) => rule)).toEqual([...rules].sort());
  });
});

describe('a comparison', () => {
  it('finds nothing between a schema and itself', async () => {
    await fc.assert(
      fc.asyncProperty(schemaPlan, async (plan) => {
        const schema = await rooted(planText(plan, PLAIN));
        expect(compareSchemas(schema, schema)).toEqual({ findings: [], backward: 'ok', forward: 'ok' });
      }),
      { numRuns: 100 },
    );
  });

  it('says of the opposite change the same in the other direction, where a rule has two sides', async () => {
    const twoSided = ({ findings }: CompatibilityReport, direction: 'backward' | 'forward'): Set<Verdict> =>
      new Set(findings.filter(({ rule }) => !ONE_SIDED.test(rule)).map((finding) => finding[direction]));
    await fc.assert(
      fc.asyncProperty(schemaPlan, schemaPlan, async (one, other) => {
        const [a, b] = [await rooted(planText(one, PLAIN)), await rooted(planText(other, PLAIN))];
        const [forth, back] = [compareSchemas(a, b), compareSchemas(b, a)];
        expect(twoSided(forth, 'backward')).toEqual(twoSided(back, 'forward'));
        expect(twoSided(forth, 'forward')).toEqual(twoSided(back, 'backward'));
      }),
      { numRuns: 100 },
    );
  });

  it('is as bad in each direction as its worst finding', async () => {
    const before = 'table T { a:string; b:string (required); } root_type T;';
    const onlyBackward = await compare(
      before,
      'table T { a:string (required); b:string (required); } root_type T;',
    );
    expect([onlyBackward.backward, onlyBackward.forward]).toEqual(['breaking', 'ok']);
    const both = await compare(before, 'table T { a:string (required); b:string; c:int; } root_type T;');
    expect([both.backward, both.forward]).toEqual(['breaking', 'breaking']);
  });

  it('names the place and what to do', async () => {
    const [finding] = (
      await compare(
        'namespace shop; table Item { price:int; } table Order { items:[Item]; } root_type Order;',
        'namespace shop; table Item { price:float; } table Order { items:[Item]; } root_type Order;',
      )
    ).findings;
    expect(finding).toMatchObject({
      path: 'shop.Item.price',
      message: 'int is now float',
      advice: 'keep the old field, deprecate it and add a new one',
    });
  });

  it('sees only what the roots reach', async () => {
    const text = (stranger: string): string => `table Q { ${stranger} } table T { a:int; } root_type T;`;
    expect((await compare(text('x:int;'), text('x:string;'))).findings).toEqual([]);
  });

  it('follows types that contain themselves, and tells each of their changes once', async () => {
    const text = (type: string): string =>
      `table A { b:[B]; } table B { a:A; c:${type}; again:B; } union U { A, B } table T { a:A; b:B; u:U; } root_type T;`;
    expect((await compare(text('int'), text('long'))).findings.map(({ path }) => path)).toEqual(['B.c']);
  });

  it('takes what a team decided on new members of unions', async () => {
    const text = (members: string): string =>
      `table X {} table Y {} union U { ${members} } table T { u:U; } root_type T;`;
    const [before, after] = [await rooted(text('X')), await rooted(text('X, Y'))];
    for (const unionMemberAdded of ['ok', 'warning', 'breaking'] as const) {
      expect(compareSchemas(before, after, { unionMemberAdded }).forward).toBe(unionMemberAdded);
    }
  });

  it('refuses schemas that have hardly anything in common', async () => {
    const fields = (type: string): string =>
      Array.from({ length: MAX_FINDINGS / 2 }, (_, index) => `f${index}:${type};`).join(' ');
    const text = (type: string): string =>
      `table A { ${fields(type)} } table B { ${fields(type)} } table T { a:A; b:B; x:${type}; } root_type T;`;
    await expect(compare(text('int'), text('long'))).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  it('refuses schemas that pair up their types in too many ways', async () => {
    // Two rings of tables, of lengths without a common divisor: following both, each table meets every other.
    const ring = (length: number): string => {
      const tables = Array.from({ length }, (_, at) => `table R${at} { next:R${(at + 1) % length}; }`);
      return `${tables.join(' ')} root_type R0;`;
    };
    await expect(compare(ring(701), ring(700))).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });
});

describe('levels', () => {
  const finding = (backward: Verdict, forward: Verdict): Finding => ({
    ...COMPATIBILITY_RULES['field-added'],
    ...{ rule: 'field-added', path: '', message: '', backward, forward },
  });
  const findings = [finding('breaking', 'ok'), finding('ok', 'breaking'), finding('warning', 'warning')];
  const report: CompatibilityReport = { findings, backward: 'breaking', forward: 'breaking' };

  it.each([
    ['NONE', []],
    ['BACKWARD', [findings[0]]],
    ['BACKWARD_TRANSITIVE', [findings[0]]],
    ['FORWARD', [findings[1]]],
    ['FORWARD_TRANSITIVE', [findings[1]]],
    ['FULL', [findings[0], findings[1]]],
    ['FULL_TRANSITIVE', [findings[0], findings[1]]],
  ] as const)('%s forbids what breaks its directions', (level, forbidden) => {
    expect(violations(report, level)).toEqual(forbidden);
  });

  it.each(COMPATIBILITY_LEVELS)('%s is held against the versions that it speaks of', (level) => {
    const wanted = level === 'NONE' ? [] : level.endsWith('TRANSITIVE') ? [1, 2, 3] : [3];
    expect(versionsToCompare(level, [1, 2, 3])).toEqual(wanted);
    expect(versionsToCompare(level, [])).toEqual([]);
  });
});
