import { describe, expect, it } from 'vitest';
import { isDatabaseUnavailable, isTimedOut, isUniqueViolation } from './errors.ts';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });
const wrapped = (originalCode: string) =>
  Object.assign(coded('P2010'), { meta: { driverAdapterError: { cause: { originalCode, originalMessage: 'x' } } } });

describe('PostgreSQL is unavailable', () => {
  it.each([
    ['connection refused', coded('ECONNREFUSED')],
    ['restarting', coded('57P01')],
    ['disk full', coded('53100')],
    ['deadlock', coded('40P01')],
    ['a lock that was not free in time', coded('55P03')],
    ['a transaction that stood still', coded('25P03')],
    ['connection lost', new Error('Connection terminated unexpectedly')],
    ['silent', new Error('Query read timeout')],
    ['not reachable, as Prisma says it', coded('P1001')],
    ['restarting, wrapped by Prisma', wrapped('57P01')],
  ])('%s', (_what, error) => {
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it.each([
    ['a wrong statement', coded('42601')],
    ['a unique violation', coded('23505')],
    ['a wrong statement, wrapped by Prisma', wrapped('42601')],
    ['a record that Prisma did not find', coded('P2025')],
    ['something else', new Error('x')],
    ['nothing', undefined],
  ])('not for %s', (_what, error) => {
    expect(isDatabaseUnavailable(error)).toBe(false);
  });
});

it('a unique violation may be of one constraint', () => {
  const error = Object.assign(coded('23505'), { constraint: 'a_key' });
  expect([isUniqueViolation(error), isUniqueViolation(error, 'a_key'), isUniqueViolation(error, 'b_key')]).toEqual([
    true,
    true,
    false,
  ]);
});

it.each([
  ['cancelled after its time', coded('57014'), true],
  ['a lock that was not free in time', coded('55P03'), true],
  ['silent', new Error('Query read timeout'), true],
  ['restarting', coded('57P01'), false],
  ['away', coded('ECONNREFUSED'), false],
  ['nothing', undefined, false],
])('a statement took too long: %s', (_what, error, timedOut) => {
  expect(isTimedOut(error)).toBe(timedOut);
});
