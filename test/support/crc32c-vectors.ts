interface Vector {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Hexadecimal. */
  readonly crc: string;
}

const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);

/** An iSCSI read command, as RFC 3720 has it. */
const READ_COMMAND = new Uint8Array(48);
READ_COMMAND.set([0x01, 0xc0]);
READ_COMMAND.set([0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28], 16);
READ_COMMAND[40] = 0x02;

/** Known checksums: the usual check value, and appendix B.4 of RFC 3720. */
export const CRC32C_VECTORS: readonly Vector[] = [
  { name: 'nothing', bytes: new Uint8Array(0), crc: '0' },
  { name: 'the digits 1 to 9', bytes: new TextEncoder().encode('123456789'), crc: 'e3069283' },
  { name: '32 zeros', bytes: new Uint8Array(32), crc: '8a9136aa' },
  { name: '32 ones', bytes: new Uint8Array(32).fill(0xff), crc: '62a8ab43' },
  { name: '32 bytes ascending', bytes: ascending, crc: '46dd794e' },
  { name: '32 bytes descending', bytes: ascending.toReversed(), crc: '113fdb5c' },
  { name: 'a read command', bytes: READ_COMMAND, crc: 'd9963a56' },
];

/** Bit by bit, as the polynomial is defined. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : 0x82f6_3b78);
  }
  return ~crc >>> 0;
}
