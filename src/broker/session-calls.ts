import type { ControlMessage } from '../codec/control-message.js';
import { ModwireError, toModwireError } from '../errors.js';
import { emit } from '../events.js';
import type { Session } from './session.js';

/** What one session may ask at once that takes time: clients ask for little, mostly when they connect. */
const MAX_CALLS = 64;

/** Answers a call of a session with what `ask` resolves to, or with the failure that it throws or rejects with. */
export async function answerCall(
  session: Session,
  call: number,
  ask: () => ControlMessage | Promise<ControlMessage>,
): Promise<void> {
  session.calls++;
  try {
    if (session.calls > MAX_CALLS) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too many calls at once',
        expected: `at most ${MAX_CALLS} of a session`,
        got: 'one more',
      });
    }
    const answer = await ask();
    if (!session.closed) session.send(answer);
  } catch (thrown) {
    const error = toModwireError(thrown);
    emit('modwire:refused', () => ({
      session: session.memberId,
      code: error.code,
      message: error.message,
    }));
    if (session.closed) return;
    session.send({ type: 'failure', code: error.row.number, message: error.message, call });
  } finally {
    session.calls--;
  }
}
