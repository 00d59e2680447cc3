import { isUtf8 } from '../../codec/utf8.js';
import { ModwireError } from '../../errors.js';

/** Throws INVALID_ARGUMENT, with the byte, for a text that is not UTF-8. */
export function checkUtf8(bytes: Uint8Array): void {
  if (isUtf8(bytes, 0, bytes.length)) return;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'the JSON is not valid UTF-8',
    where: `at byte ${firstWrong(bytes)}`,
  });
}

/** Where the first character starts that is none. */
function firstWrong(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const end = at + characterBytes(bytes[at]!);
    if (end > bytes.length || !isUtf8(bytes, at, end)) break;
    at = end;
  }
  return at;
}

function characterBytes(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
