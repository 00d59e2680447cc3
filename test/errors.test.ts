import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, errorCodeOf, ModwireError, toModwireError } from '../src/errors.js';

const codes = Object.keys(ERRORS) as ErrorCode[];

/** Released numbers: they travel on the wire, so they are repeated here and may only be added to. */
const RELEASED: Record<ErrorCode, number> = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
  MALFORMED_FRAME: 32,
  PROTOCOL_VIOLATION: 33,
  REJECTED: 34,
  SLOW_CONSUMER: 35,
  CONTRACT_VIOLATION: 36,
  INCOMPATIBLE_SCHEMA: 37,
  NO_RESPONDERS: 38,
};

describe('the error table', () => {
  it('has the numbers that were released', () => {
    expect(Object.fromEntries(codes.map((code) => [code, ERRORS[code].number]))).toEqual(RELEASED);
  });

  it('has unique numbers that fit into the wire', () => {
    const numbers = codes.map((code) => ERRORS[code].number);
    expect(new Set(numbers).size).toBe(codes.length);
    for (const number of numbers) {
      expect(number).toBeGreaterThan(0);
      expect(number).toBeLessThan(0x1_0000);
    }
  });

  it('has exit codes that are unique and mean nothing else to a shell', () => {
    const exitCodes = codes.map((code) => ERRORS[code].exitCode);
    expect(new Set(exitCodes).size).toBe(codes.length);
    for (const exitCode of exitCodes) {
      expect(exitCode).toBeGreaterThan(1);
      // From 126 on shells say things of their own.
      expect(exitCode).toBeLessThan(126);
    }
    expect(ERRORS.INVALID_ARGUMENT.exitCode).toBe(2);
  });

  it('has HTTP statuses of 4xx where the caller is at fault or asks too much, else of 5xx', () => {
    const exceptions: Partial<Record<ErrorCode, number>> = { UNIMPLEMENTED: 501, RESOURCE_EXHAUSTED: 429 };
    for (const code of codes) {
      const { httpStatus, category } = ERRORS[code];
      if (code in exceptions) expect(httpStatus).toBe(exceptions[code]);
      else expect([code, Math.floor(httpStatus / 100)]).toEqual([code, category === 'caller' ? 4 : 5]);
    }
  });

  it('calls nothing retryable that the caller must change first', () => {
    for (const code of codes) {
      if (ERRORS[code].category === 'caller') expect([code, ERRORS[code].retryable]).toEqual([code, false]);
    }
  });

  it('is closed: every number leads to its code and any other to INTERNAL', () => {
    for (const code of codes) expect(errorCodeOf(ERRORS[code].number)).toBe(code);
    for (const number of [0, 2, 10, 17, 31, 39, 65535, -1, 1.5]) expect(errorCodeOf(number)).toBe('INTERNAL');
  });
});

describe('an error', () => {
  it('says what was expected, what came, where and what to do', () => {
    const cause = new Error('below');
    const error = new ModwireError('INVALID_ARGUMENT', {
      what: 'not a port',
      expected: '0 to 65535',
      got: '70000',
      where: '--port',
      advice: 'choose a smaller one',
      cause,
    });
    expect(error.message).toBe('not a port: expected 0 to 65535, got 70000 (--port); choose a smaller one');
    expect(error.cause).toBe(cause);
    expect(error).toBeInstanceOf(Error);
    expect(new ModwireError('INTERNAL', { what: 'odd', got: '3' }).message).toBe('odd: got 3');
    expect(new ModwireError('INTERNAL', 'odd').message).toBe('odd');
  });

  it('carries its row and becomes JSON without its cause', () => {
    const error = new ModwireError('REJECTED', { what: 'gone', cause: new Error('secret') });
    expect([error.row, error.retryable, error.mayHaveStarted]).toEqual([ERRORS.REJECTED, true, false]);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'REJECTED',
      number: 34,
      message: 'gone',
      retryable: true,
    });
  });

  it('may know better than the table whether the work may have been started', () => {
    const of = (code: ErrorCode, mayHaveStarted?: boolean) =>
      new ModwireError(code, { what: 'refused', mayHaveStarted }).mayHaveStarted;
    for (const code of codes) {
      expect([of(code), of(code, true), of(code, false)]).toEqual([ERRORS[code].mayHaveStarted, true, false]);
    }
  });

  it('is made of anything thrown', () => {
    const own = new ModwireError('NOT_FOUND', 'nothing');
    expect(toModwireError(own)).toBe(own);
    const controller = new AbortController();
    controller.abort();
    expect(toModwireError(controller.signal.reason)).toMatchObject({ code: 'CANCELLED' });
    const thrown = new TypeError('bad');
    expect(toModwireError(thrown)).toMatchObject({ code: 'INTERNAL', message: 'bad', cause: thrown });
    expect(toModwireError('text')).toMatchObject({ code: 'INTERNAL', message: 'text' });
  });
});
