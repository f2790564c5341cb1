import argon2 from 'argon2';

/** As many as one file of tests makes of its own. */
const MOST = 200;

/**
 * Makes argon2 answer what it has answered before in this process: a hash or a check takes 25 ms of processor time, and
 * hundreds of accounts of tests have one password. Both are asked as often as without it, with the parameters of the
 * product. Two accounts with one password have one hash, as they never have outside of tests.
 */
export function rememberHashes(): void {
  argon2.hash = remember(argon2.hash) as typeof argon2.hash;
  argon2.verify = remember(argon2.verify);
}

function remember<A extends unknown[], R>(ask: (...asked: A) => Promise<R>): (...asked: A) => Promise<R> {
  const known = new Map<string, Promise<R>>();
  return (...asked) => {
    const question = JSON.stringify(asked);
    const answer = known.get(question) ?? ask(...asked);
    if (known.size >= MOST) known.clear();
    known.set(question, answer);
    return answer;
  };
}
