import { readdirSync, readFileSync } from 'node:fs';

const directory = new URL('../fixtures/golden/', import.meta.url);

/** A frame as some version wrote it, in memory of its own, and what must be read from it. */
export interface Golden {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** As test/fixtures/make-golden.mjs writes it. */
  readonly expected: Record<string, unknown>;
}

export function goldenFrames(): Golden[] {
  const names = readdirSync(directory).filter((file) => file.endsWith('.bin'));
  return names.map((file) => {
    const name = file.slice(0, -'.bin'.length);
    return {
      name,
      bytes: Uint8Array.from(readFileSync(new URL(file, directory))),
      expected: JSON.parse(readFileSync(new URL(`${name}.json`, directory), 'utf8')),
    };
  });
}
