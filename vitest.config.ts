import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

const PURE = ['codec', 'contracts', 'mirroring', 'open-inference', 'routing', 'tensors'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

/** What takes long, and is run by itself: `npm run test:long`. */
const LONG = [
  'test/broker/rollouts/rollout-restart.test.ts',
  'test/broker/slow-consumer.test.ts',
  'test/demo/rollout/rollout-demo.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/registry/crash.test.ts',
  'test/workers/worker-heap.test.ts',
];

// Tests and the fuzzer's modules run against the source, also where the fuzzer takes from dist what no entry point of the
// package exports; programs that tests start run from dist.
export default defineConfig({
  resolve: {
    alias: [
      { find: /^modwire\/codec$/, replacement: source('codec/index.ts') },
      { find: /^modwire\/broker$/, replacement: source('broker/index.ts') },
      { find: /^modwire\/tensors$/, replacement: source('tensors/index.ts') },
      { find: /^modwire$/, replacement: source('index.ts') },
      { find: /^(?:\.\.\/)+dist\/(codec|contracts|native)\//, replacement: source('$1/') },
      { find: /^#half-float$/, replacement: source('native/half-float.ts') },
      { find: /^#socket$/, replacement: source('client/socket-node.ts') },
    ],
  },
  test: {
    environment: 'node',
    projects: [
      // Pure functions leave nothing behind: their files share a process, and what was loaded before.
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      { extends: true, test: { name: 'real', include: ['test/**/*.test.ts'], exclude: [...PURE, ...LONG] } },
      { extends: true, test: { name: 'long', include: LONG } },
    ],
    setupFiles: ['test/support/property-sizes.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    watch: false,
  },
});
