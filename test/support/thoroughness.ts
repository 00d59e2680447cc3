/** Whether tests take all the cases that they can: so it is in `npm run test:long`. */
const THOROUGH = process.env.MODWIRE_TEST_THOROUGH === '1';

/** What a test takes: enough to notice a mistake, or all that it can. */
export function thoroughly<T>(enough: T, all: T): T {
  return THOROUGH ? all : enough;
}

/** What one byte is changed by, with XOR: each of its bits, some and all of them, or everything. */
export const BYTE_CHANGES: readonly number[] = thoroughly(
  [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x03, 0x0f, 0x55, 0x7f, 0xf0, 0xff],
  Array.from({ length: 255 }, (_, index) => index + 1),
);
