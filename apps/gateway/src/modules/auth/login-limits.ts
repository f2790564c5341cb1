import type { RateLimitName } from '@wa-gate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';
import type { Limiter } from '../../plugins/rate-limit/index.ts';
import { normaliseEmail } from './email.ts';

/** What a wrong password counts in. */
const GUESSES: RateLimitName[] = ['login_ip', 'login_account'];

/**
 * Checks a password under the limits of guessing. The attempt is counted before the check, so that concurrent guesses
 * count too. It is given back unless the password was wrong. After a 429 the password was not checked.
 */
export async function limitGuesses<T>(
  limiter: Limiter,
  { request, reply, email }: { request: FastifyRequest; reply: FastifyReply; email: string },
  check: () => Promise<T>,
): Promise<T> {
  await limiter.take(request, reply, request.principal, GUESSES, { email: normaliseEmail(email) });
  const giveBack = () => limiter.giveBack(request, reply, request.principal ? GUESSES : [...GUESSES, 'ip']);
  try {
    const result = await check();
    await giveBack();
    return result;
  } catch (error) {
    if (!isWrongGuess(error)) await giveBack();
    throw error;
  }
}

/** Any other error, such as a database that is away or an address that is taken, does not count as a wrong password. */
const isWrongGuess = (error: unknown): boolean => error instanceof ApiError && error.code === 'INVALID_CREDENTIALS';
