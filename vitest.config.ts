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
  'test/broker/streams/slow-recovery.test.ts',
  'test/chaos/chaos.test.ts',
  'test/chaos/streams/reconnect.test.ts',
  'test/chaos/streams/soak.test.ts',
  'test/demo/demo-kills.test.ts',
  'test/demo/rollout/rollout-demo.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/package/pack.test.ts',
  'test/registry/crash.test.ts',
  'test/story/rollout-story.test.ts',
  'test/streams/lmdb-crash.test.ts',
  'test/workers/worker-heap.test.ts',
];

/** What takes more cases there than in `npm test`. */
const THOROUGH = [
  'test/broker/calls/call-lanes-model.test.ts',
  'test/broker/calls/call-model.test.ts',
  'test/broker/groups/group-law.test.ts',
  'test/broker/groups/group-memberships.test.ts',
  'test/broker/memberships.test.ts',
  'test/broker/order.test.ts',
  'test/codec/batch.test.ts',
  'test/codec/control.test.ts',
  'test/codec/cpp-oracle.test.ts',
  'test/codec/safety.test.ts',
  'test/codec/utf8.test.ts',
  'test/contracts/bfbs-reader.test.ts',
  'test/contracts/json-refusals.test.ts',
  'test/fuzz/contracts.test.ts',
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
      { extends: true, test: { name: 'pure', include: PURE } },
      { extends: true, test: { name: 'real', include: ['test/**/*.test.ts'], exclude: [...PURE, ...LONG] } },
      {
        extends: true,
        test: { name: 'long', include: [...LONG, ...THOROUGH], env: { MODWIRE_TEST_THOROUGH: '1' } },
      },
    ],
    // Files share a process, and what was loaded before: a process for each would cost more than most of them take.
    isolate: false,
    setupFiles: ['test/support/property-sizes.ts', 'test/support/nothing-left.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    watch: false,
  },
});
