import { randomInt } from 'node:crypto';

/** Indonesian mobile numbers: valid for every check of numbers, and free in a sandbox that is new. */
export const newNumber = (): string => `62812${randomInt(10_000_000, 99_999_999)}`;

const digits = (count: number): string => newNumber().slice(-count).padStart(count, '7');

/** A new number as its account is registered, and as people write it too, by countries that have two spellings. */
export const SPELLINGS: Readonly<Record<string, () => [registered: string, other: string]>> = {
  'Mexico, registered with the 1': (line = digits(9)) => [`5215${line}`, `525${line}`],
  'Mexico, registered without': (line = digits(9)) => [`525${line}`, `5215${line}`],
  Argentina: (line = digits(8)) => [`54911${line}`, `5411${line}`],
  'Brazil, registered without the ninth digit': (line = digits(7)) => [`55118${line}`, `551198${line}`],
  'Brazil, registered with it': (line = digits(7)) => [`551198${line}`, `55118${line}`],
  Benin: (line = digits(7)) => [`2299${line}`, `229019${line}`],
  'Ivory Coast': (line = digits(6)) => [`22507${line}`, `2250707${line}`],
};
