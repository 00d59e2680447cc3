import type { FrameView } from '../../codec/frame-view.js';
import { SubjectTable } from '../../codec/subject-table.js';
import { isMoreSpecific } from '../../routing/specificity.js';
import { TokenTrie } from '../../routing/token-trie.js';
import type { Service } from './service.js';

/** Subjects whose service is remembered; beyond it the memory starts anew. */
const MAX_SUBJECTS = 4_096;

interface Found {
  readonly text: string;
  readonly service: Service | undefined;
}

/** Finds who serves a request: the service with the most specific filter that selects its subject. */
export class ServiceTable {
  readonly #filters = new TokenTrie<Service>();
  /** Finds a frame's service without making text. */
  readonly #bySubject = new SubjectTable<Found>();

  add(service: Service): void {
    this.#filters.add(service.terms.filter, service);
    this.#forget();
  }

  delete(service: Service): void {
    this.#filters.delete(service.terms.filter, service);
    this.#forget();
  }

  find(frame: FrameView): Service | undefined {
    const found = this.#bySubject.find(frame) ?? this.#meet(frame);
    frame.subjectText = found.text;
    return found.service;
  }

  #meet(frame: FrameView): Found {
    const text = frame.subject;
    let service: Service | undefined;
    this.#filters.selecting(text, (other) => {
      if (service === undefined || isMoreSpecific(other.terms.filter, service.terms.filter)) service = other;
    });
    const found = { text, service };
    if (this.#bySubject.size >= MAX_SUBJECTS) this.#forget();
    this.#bySubject.add(frame, found);
    return found;
  }

  #forget(): void {
    this.#bySubject.deleteWhere(() => true);
  }
}
