// What is published in the runs with streams: every message names its publisher, its subject and its place among those of both.

export const STREAM = 'soak';
export const FILTER = 'soak.>';

/** Each publisher has so many subjects to itself, and as many that all of them publish to. */
const SUBJECTS = 16;

/** Of publisher `publisher`: it never has more than one message of a subject on its way, so they have an order. */
export function subjectsOf(publisher) {
  return Array.from({ length: SUBJECTS * 2 }, (_, index) =>
    index < SUBJECTS ? `soak.own.${publisher}.${index}` : `soak.shared.${index - SUBJECTS}`,
  );
}

/** The same message has the same id, however often it is published: 16 bytes. */
export function idOf(publisher, lane, place) {
  const id = Buffer.alloc(16);
  id.writeUInt32LE(publisher + 1, 0);
  id.writeUInt32LE(lane, 4);
  id.writeDoubleLE(place, 8);
  return id;
}

/** From 0 to a few kilobytes longer than what it has to say. */
export function payloadOf(publisher, lane, place) {
  const payload = Buffer.alloc(16 + ((place * 7_919) % 13 === 0 ? 3_000 : (place * 31) % 400), place & 0xff);
  idOf(publisher, lane, place).copy(payload);
  return payload;
}

export function readMessage(id) {
  return {
    publisher: id.readUInt32LE(0) - 1,
    lane: id.readUInt32LE(4),
    place: id.readDoubleLE(8),
  };
}
