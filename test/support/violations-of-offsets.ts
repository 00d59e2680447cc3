import type { FrameMap } from './frame-map.js';
import { broken, OFFSET_SLOTS, STRING_SLOTS, type ViolationCase } from './violation-case.js';

const last = (map: FrameMap) => map.bytes.length;

export const OFFSET_VIOLATIONS: readonly ViolationCase[] = OFFSET_SLOTS.flatMap(([path, slot]) => [
  broken('offsetAlignment', path, 'that is 0', slot, (m) => m.put32(slot(m), 0)),
  ...[1, 2, 3].map((by) =>
    broken('offsetAlignment', path, `that leads ${by} too far`, slot, (m) =>
      m.put32(slot(m), m.u32(slot(m)) + by),
    ),
  ),
  broken('offsetBounds', path, 'that leads to the end', slot, (m) => m.put32(slot(m), last(m) - slot(m))),
  broken('offsetBounds', path, 'that would wrap around 32 bits to a good place', slot, (m) =>
    m.put32(slot(m), 0x1_0000_0000 - slot(m) + 16),
  ),
]);

export const STRING_VIOLATIONS: readonly ViolationCase[] = STRING_SLOTS.flatMap(([path, slot]) => {
  const string = (m: FrameMap) => m.follow(slot(m));
  const first = (m: FrameMap) => string(m) + 4;
  const end = (m: FrameMap) => first(m) + m.u32(string(m));
  return [
    broken('stringBounds', path, 'that leaves no room for its zero', string, (m) =>
      m.put32(string(m), last(m) - first(m)),
    ),
    broken('stringBounds', path, 'that is as long as can be', string, (m) => m.put32(string(m), 0xffffffff)),
    broken('stringTerminator', path, 'followed by another byte', end, (m) => m.bytes.set([0x20], end(m))),
    broken('utf8', path, 'that ends within a character', first, (m) => m.bytes.set([0xc3], end(m) - 1)),
    broken('utf8', path, 'that begins within a character', first, (m) => m.bytes.set([0x80], first(m))),
    broken('utf8', path, 'that has a surrogate', first, (m) => m.bytes.set([0xed, 0xa0], first(m))),
  ];
});

export const VECTOR_VIOLATIONS: readonly ViolationCase[] = (['payload', 'headers'] as const).flatMap(
  (field) => {
    const vector = (m: FrameMap) => m.target(field);
    const elementBytes = field === 'headers' ? 4 : 1;
    const most = (m: FrameMap) => (last(m) - vector(m) - 4) / elementBytes;
    const wrapping = (0x1_0000_0000 - 4) / elementBytes;
    return [
      broken('vectorBounds', field, 'with one element too many', vector, (m) =>
        m.put32(vector(m), most(m) + 1),
      ),
      broken('vectorBounds', field, 'as long as can be', vector, (m) => m.put32(vector(m), 0xffffffff)),
      broken('vectorBounds', field, 'whose end would wrap around 32 bits', vector, (m) =>
        m.put32(vector(m), wrapping),
      ),
    ];
  },
);
