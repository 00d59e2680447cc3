// Whether a stream on disk, which no broker has open, has what it has to have.
import { verifyLmdbStore } from '../../../dist/streams/open-lmdb-store.js';
import { readMessage, STREAM } from './messages.mjs';
import { visitRecords } from './stored-records.mjs';

const MAX_FAULTS = 20;

/** Reads a stream on from where it was the last time, and holds each record against those before. */
export class StreamJudge {
  /** Records that were read. */
  records = 0;
  faults = [];
  #dataDir;
  #nextOffset = 1;
  /** The last place of each publisher and subject, and the last position in the count of each subject. */
  #places = new Map();
  #counts = new Map();

  constructor(dataDir) {
    this.#dataDir = dataDir;
  }

  /** `acknowledged`: of each publisher, how many messages of each of its lanes. */
  async look(acknowledged) {
    const { fault, isComplete } = await verifyLmdbStore(`${this.#dataDir}/streams/${STREAM}`);
    if (fault !== undefined || !isComplete) this.#fault(`the file: ${fault ?? 'not looked at in whole'}`);
    this.#nextOffset = await visitRecords(this.#dataDir, this.#nextOffset, (frame, offset) =>
      this.#record(frame, offset),
    );
    acknowledged.forEach((lanes, publisher) => {
      lanes.forEach((count, lane) => {
        const place = this.#places.get(`${publisher}/${lane}`) ?? 0;
        if (place < count) this.#fault(`${publisher}/${lane}: ${count} acknowledged, ${place} there`);
      });
    });
  }

  #record({ id, subject, epoch, sequence }, offset) {
    const { publisher, lane, place } = readMessage(Buffer.from(id));
    this.records++;
    if (offset !== this.records) this.#fault(`record ${this.records} has offset ${offset}`);
    const key = `${publisher}/${lane}`;
    const before = this.#places.get(key) ?? 0;
    if (place !== before + 1) this.#fault(`${key}: ${place} after ${before}, offset ${offset}`);
    this.#places.set(key, place);
    const count = this.#counts.get(subject) ?? { epoch, sequence: 0 };
    if (epoch !== count.epoch || sequence !== count.sequence + 1) {
      this.#fault(`${subject}: ${epoch}:${sequence} after ${count.epoch}:${count.sequence}`);
    }
    this.#counts.set(subject, { epoch, sequence });
  }

  #fault(text) {
    if (this.faults.length < MAX_FAULTS) this.faults.push(text);
  }
}
