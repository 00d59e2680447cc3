import { expect, it } from 'vitest';
import { Users } from '../../../src/demo/rollout/users.js';

function firstOf(seed: number, count: number) {
  const users = new Users(seed);
  return Array.from({ length: count }, () => users.next());
}

it('users are the same for the same seed, and who returns has been there', () => {
  const users = firstOf(7, 2_000);
  expect(firstOf(7, 2_000)).toEqual(users);
  expect(firstOf(8, 2_000)).not.toEqual(users);
  const known = new Set<string>();
  for (const { key, returning } of users) {
    expect(known.has(key)).toBe(returning);
    known.add(key);
  }
  expect(known.size).toBeGreaterThan(1_500);
  expect(known.size).toBeLessThan(1_700);
});
