import type { SourceTree } from './source-tree.js';

/** What flatc wrote and said. */
export interface FlatcResult {
  /** Not 0: it refused. */
  readonly code: number;
  readonly output: string;
  /** What it wrote, by path relative to where it was told to write. Empty when it refused. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** FlatBuffers' compiler, wherever it runs. */
export interface Flatc {
  /** `args` go before the paths of the schemas. Paths in the output are those of the tree. */
  run(args: readonly string[], sources: SourceTree): Promise<FlatcResult>;
}
