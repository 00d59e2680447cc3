import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeapNode, IndexedHeap } from '../../../src/routing/calls/indexed-heap.js';

const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('add' as const), key: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete first' as const) }) },
);

describe('a heap whose nodes know their places', () => {
  it('has the first of a sorted list first, whoever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200, size: 'max' }), (actions) => {
        const heap = new IndexedHeap<number>();
        const model: HeapNode<number>[] = [];
        for (const [number, one] of actions.entries()) {
          if (one.kind === 'add') {
            const node = new HeapNode(number, one.key, number);
            heap.add(node);
            model.push(node);
            model.sort((a, b) => a.key - b.key || a.order - b.order);
          } else {
            const at = one.kind === 'delete' ? one.at % Math.max(1, model.length) : 0;
            const [node] = model.splice(at, 1);
            if (node === undefined) continue;
            heap.delete(node);
            expect(node.at).toBe(-1);
          }
          expect(heap.first).toBe(model[0]);
          expect(heap.size).toBe(model.length);
        }
        for (const node of model) {
          expect(heap.first).toBe(node);
          heap.delete(node);
        }
        expect(heap.first).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});
