const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'];

/** A size for people: `512 B`, `12.3 KiB`. */
export function sizeText(bytes: number): string {
  let [size, unit] = [bytes, 'B'];
  for (const larger of UNITS) {
    // 1023.96 would be shown as 1024.0.
    if (size < 1023.95) break;
    [size, unit] = [size / 1024, larger];
  }
  return unit === 'B' ? `${bytes} B` : `${size.toFixed(1)} ${unit}`;
}
