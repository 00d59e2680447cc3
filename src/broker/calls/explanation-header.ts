import type { CallExplanation } from '../../routing/calls/call-explanation.js';
import type { HttpReply } from '../http-message.js';

/** Takes why a request went where it went; JSON. */
export type TakesExplanation = (json: string) => void;

/** Longest value of the header: together with others many readers take no more than twice as much. Characters. */
const MAX_CHARACTERS = 4_096;

/**
 * Answers a request, and says in the header `Modwire-Explanation` why it went where it went, when that is told. `failed` makes the
 * answer of what `answer` rejects with.
 */
export async function explained(
  answer: (told: TakesExplanation) => Promise<HttpReply>,
  failed: (thrown: unknown) => HttpReply,
): Promise<HttpReply> {
  let json: string | undefined;
  const reply = await answer((one) => {
    json = one;
  }).catch(failed);
  // Of a stream it is an event, when it is known.
  const header = json === undefined || reply.stream !== undefined ? undefined : headerOf(json);
  return header === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, 'Modwire-Explanation': header } };
}

/** In visible ASCII characters and spaces; of what is too long without candidates, or without attempts. */
function headerOf(json: string): string | undefined {
  const whole = JSON.parse(json) as CallExplanation;
  const attempts = whole.attempts.map(({ candidates, unnamed, ...attempt }) => ({
    ...attempt,
    ...{ candidates: [], unnamed: unnamed + candidates.length },
  }));
  const texts = [whole, { ...whole, attempts }, { ...whole, attempts: [] }].map(asciiJson);
  return texts.find(({ length }) => length <= MAX_CHARACTERS);
}

function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
