import { randomInt } from 'node:crypto';

/** Indonesian mobile numbers: valid for every check of numbers, and free in a sandbox that is new. */
export const newNumber = (): string => `62812${randomInt(10_000_000, 99_999_999)}`;
