import { describe, expect, it } from 'vitest';
import { RequestLedger } from '../../src/demo/request-ledger.js';

const NOTHING = { sent: 0, answered: 0, failed: {}, predicted: 0, fedBack: 0, unexpected: 0, missing: [] };

describe('the ledger of requests', () => {
  it('numbers requests and knows what has become of each, in any order', () => {
    const ledger = new RequestLedger();
    expect(ledger.figures).toEqual(NOTHING);
    expect([ledger.send(), ledger.send(), ledger.send()]).toEqual([0, 1, 2]);
    ledger.predict(2);
    ledger.fail(0, 'UNAVAILABLE');
    ledger.answer(2);
    expect(ledger.figures).toEqual({
      ...NOTHING,
      ...{ sent: 3, answered: 1, failed: { UNAVAILABLE: 1 }, predicted: 1, missing: [1, 2] },
    });
    ledger.feedback(2);
    ledger.fail(1, 'UNAVAILABLE');
    expect(ledger.figures).toEqual({
      ...NOTHING,
      ...{ sent: 3, answered: 1, failed: { UNAVAILABLE: 2 }, predicted: 1, fedBack: 1 },
    });
  });

  it('takes one outcome a request: another one is not expected', () => {
    const ledger = new RequestLedger();
    ledger.send();
    ledger.answer(0);
    ledger.answer(0);
    ledger.fail(0, 'INTERNAL');
    expect(ledger.figures).toEqual({ ...NOTHING, sent: 1, answered: 1, unexpected: 2 });
  });

  it('is not deceived by one that is lost and another that is fed back twice', () => {
    const ledger = new RequestLedger();
    for (let count = 0; count < 2; count++) ledger.predict(ledger.send());
    ledger.feedback(1);
    ledger.feedback(1);
    expect(ledger.figures).toMatchObject({ predicted: 2, fedBack: 1, unexpected: 1, missing: [0, 1] });
  });

  it('takes feedback before or after the outcome, and none to what was not predicted', () => {
    const ledger = new RequestLedger();
    for (let count = 0; count < 2; count++) ledger.predict(ledger.send());
    ledger.feedback(0);
    ledger.answer(0);
    ledger.fail(1, 'DEADLINE_EXCEEDED');
    ledger.feedback(1);
    ledger.feedback(7);
    expect(ledger.figures).toMatchObject({ fedBack: 2, unexpected: 1, missing: [] });
  });

  it('names the first few that are open and counts them all', () => {
    const ledger = new RequestLedger();
    for (let count = 0; count < 100; count++) ledger.send();
    ledger.answer(1);
    expect(ledger.figures).toMatchObject({ answered: 1, missing: [0, 2, 3, 4, 5] });
  });

  it('is bounded', () => {
    const ledger = new RequestLedger();
    for (let count = 0; count < 1_000_000; count++) ledger.send();
    expect(() => ledger.send()).toThrow(
      'requests remain without outcome or feedback: expected fewer than 1000000, got 1000000',
    );
    ledger.answer(5);
    expect(ledger.send()).toBe(1_000_000);
  });
});
