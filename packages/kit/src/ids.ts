import { randomBytes } from 'node:crypto';
import { customAlphabet } from 'nanoid';
import { UUID, uuidv7 } from 'uuidv7';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const short = customAlphabet(ALPHABET, 8);
/** 43 characters of 62 are 256 random bits: enough that a plain SHA-256 protects the stored key. */
const long = customAlphabet(ALPHABET, 43);
const requestPart = customAlphabet(ALPHABET, 20);

/** Row ids: time-ordered, so that b-tree inserts stay local. */
export const newId = (): string => uuidv7();

/**
 * The id of a row for something that happened earlier: it stands among the rows of its time.
 *
 * @param place 0 … 4095: the order among ids of the same millisecond
 */
export function newIdAt(time: Date, place: number): string {
  const random = randomBytes(8);
  return UUID.fromFieldsV7(time.getTime(), place, random.readUInt32BE(0) >>> 2, random.readUInt32BE(4)).toString();
}

const LAST_MILLISECOND = 2 ** 48 - 1;

/** The smallest id of this time; older ids are below it. For ranges over rows by their primary key. */
export function firstIdAt(time: Date): string {
  const milliseconds = Math.min(Math.max(time.getTime(), 0), LAST_MILLISECOND);
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** When an id of {@link newId} was made: milliseconds since 1970, by the clock of the process that made it. */
export const timeOfId = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

/** All prefixes of tokens and ids that people see. */
export const TOKEN_PREFIX = {
  liveKey: 'wag_live_',
  testKey: 'wag_test_',
  workerToken: 'wag_wk_',
  refreshToken: 'wag_rt_',
  verifyEmail: 'wag_ve_',
  resetPassword: 'wag_rp_',
  loginLink: 'wag_ll_',
  invitation: 'wag_in_',
  request: 'req_',
  event: 'evt_',
} as const;

/**
 * A new secret token, `<prefix><8 characters>_<43 characters>`. The short part identifies the token and may be shown.
 * The whole token is shown once, and only its SHA-256 is stored.
 */
export function newToken(prefix: string): { token: string; displayPrefix: string } {
  const shown = `${prefix}${short()}`;
  return { token: `${shown}_${long()}`, displayPrefix: shown };
}

/** An id for one HTTP request, as in `X-Request-Id`. */
export const newRequestId = (): string => `${TOKEN_PREFIX.request}${requestPart()}`;
