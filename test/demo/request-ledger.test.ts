import { describe, expect, it } from 'vitest';
import { RequestLedger } from '../../src/demo/request-ledger.js';

describe('the ledger of requests', () => {
  it('numbers requests and knows which are answered, in any order', () => {
    const ledger = new RequestLedger();
    expect([ledger.send(), ledger.send(), ledger.send()]).toEqual([0, 1, 2]);
    ledger.answer(2);
    ledger.answer(0);
    expect(ledger.figures).toEqual({ sent: 3, answered: 2, unexpected: 0, unanswered: [1] });
    ledger.answer(1);
    expect(ledger.figures).toEqual({ sent: 3, answered: 3, unexpected: 0, unanswered: [] });
  });

  it('is not deceived by one that is lost and another that is answered twice', () => {
    const ledger = new RequestLedger();
    for (let count = 0; count < 2; count++) ledger.send();
    ledger.answer(1);
    ledger.answer(1);
    expect(ledger.figures).toEqual({ sent: 2, answered: 1, unexpected: 1, unanswered: [0] });
  });

  it('counts answers to requests that there never were', () => {
    const ledger = new RequestLedger();
    ledger.answer(7);
    expect(ledger.figures).toEqual({ sent: 0, answered: 0, unexpected: 1, unanswered: [] });
  });

  it('names the first few that are open and counts them all', () => {
    const ledger = new RequestLedger();
    for (let count = 0; count < 100; count++) ledger.send();
    ledger.answer(1);
    expect(ledger.figures).toMatchObject({ answered: 1, unanswered: [0, 2, 3, 4, 5] });
  });

  it('is bounded', () => {
    const ledger = new RequestLedger();
    for (let count = 0; count < 1_000_000; count++) ledger.send();
    expect(() => ledger.send()).toThrow(
      'requests remain without feedback: expected fewer than 1000000, got 1000000',
    );
    ledger.answer(5);
    expect(ledger.send()).toBe(1_000_000);
  });
});
