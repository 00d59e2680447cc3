import { isDeepStrictEqual } from 'node:util';
import type { Arguments } from '../arguments.js';
import { openContracts } from '../http/broker-connection.js';
import type { Terminal } from '../terminal.js';
import { type CheckedItem, type CheckOutcome, NO_FINDINGS } from './check-outcome.js';
import type { CheckAnswer } from './contracts-api.js';
import { readOffer } from './schema-offer.js';
import { versionName } from './version-name.js';

/** Asks a broker about a schema file; undefined when only the settings were asked for. */
export async function checkContract(
  contract: string,
  file: string,
  args: Arguments,
  terminal: Terminal,
): Promise<CheckOutcome | undefined> {
  const api = await openContracts(args, terminal);
  if (api === undefined) return undefined;
  const offer = await readOffer(contract, file, args, terminal.cwd);
  return contractOutcome(await api.check(contract, offer), file);
}

/** What a broker found out about a schema file. */
export function contractOutcome(
  { contract, level, schemaId, identicalTo, against, readBy, unreadableBy }: CheckAnswer,
  file: string,
): CheckOutcome {
  const items = against.map(
    ({ version, report, violations }): CheckedItem => ({
      ...{ title: titleOf(contract, version, file), state: 'compared', file, version, report },
      // JSON does not tell which of the findings these are.
      violations: report.findings.filter((finding) =>
        violations.some((one) => isDeepStrictEqual(one, finding)),
      ),
    }),
  );
  if (identicalTo !== undefined) {
    const title = titleOf(contract, identicalTo, file);
    items.push({ title, state: 'unchanged', file, version: identicalTo, ...NO_FINDINGS });
  } else if (against.length === 0 && level !== 'NONE') {
    items.push({ title: file, state: 'added', file, ...NO_FINDINGS });
  }
  return {
    ...{ level, items, against: `contract ${contract}`, unreadableBy },
    facts: { contract, schemaId, identicalTo: identicalTo ?? null, readBy, unreadableBy },
  };
}

function titleOf(contract: string, version: number, file: string): string {
  return `${versionName({ contract, version })} -> ${file}`;
}
