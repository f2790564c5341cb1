import { CHANNEL_PATTERN } from '@wa-gate/contracts';
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js';
import { LRUCache } from 'lru-cache';
import { ApiError } from './api-error.ts';

/** Digits with an optional +, and what people put between them. */
const PHONE = /^\+?[\d\s().\u2010-\u2015/-]+$/;
/** By the numbering plans of the world (E.164); some islands have numbers of 7 digits with their country code. */
const DIGITS = { min: 7, max: 15 };
/** 555 123 4567 or (555) 123-4567: how a number of North America is written at home. */
const AT_HOME = /^\(?(\d{3})\)?[\s.\u2010-\u2015-]*\b\d{3}[\s.\u2010-\u2015-]+\d{4}$/;
const CALLING_CODES = new Set<string>(getCountries().map((country) => getCountryCallingCode(country)));
const LINK = /^(?:https?:\/\/)?(?:www\.|api\.|web\.)?(?:wa\.me|whatsapp\.com)\//i;
const USER = /^(\d{5,20})(?::\d{1,3})?$/;
const GROUP = /^(\d{5,32}(?:-\d{5,32})?)$/;

/**
 * Customers write to the same people again. Without this cache, parsing by the numbering plans costs a twentieth of a
 * send.
 */
const parsed = new LRUCache<string, string>({ max: 10_000 });

/** What is wrong with a recipient, for programs and for pages in other languages. */
export type RecipientProblem =
  | 'no_number'
  | 'leading_zero'
  | 'no_country_code'
  | 'wrong_length'
  | 'unknown_country_code'
  | 'bad_jid';

function refuse(to: string | number, problem: RecipientProblem, why: string): never {
  throw new ApiError('INVALID_RECIPIENT', {
    message: `${why} Use +<country code><number>, the same digits without +, or a jid that ends in @s.whatsapp.net, @c.us, @lid or @g.us.`,
    details: { to, problem },
  });
}

/**
 * The digits of a phone number as they are written. It needs a country code that exists and a length that a number can
 * have. Numbering plans change, and accounts keep the spelling of the day on which they were made: whether there is
 * such a number, and under which name, only WhatsApp knows.
 *
 * @throws {ApiError} INVALID_RECIPIENT
 */
export function parsePhoneNumber(given: string | number): string {
  const text = String(given).trim();
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const digits = digitsOf(text);
  if (digits.startsWith('0')) refuse(given, 'leading_zero', 'A number begins with its country code, not with 0 or 00.');
  const area = AT_HOME.exec(text)?.[1];
  if (area !== undefined && !CALLING_CODES.has(area)) {
    refuse(
      given,
      'no_country_code',
      `This number has no country code: ${area} is none. One of the USA or Canada begins with +1.`,
    );
  }
  if (digits.length < DIGITS.min || digits.length > DIGITS.max)
    refuse(
      given,
      'wrong_length',
      `A phone number has ${DIGITS.min} to ${DIGITS.max} digits with its country code, this one has ${digits.length}.`,
    );
  if (!parsePhoneNumberFromString(`+${digits}`))
    refuse(given, 'unknown_country_code', 'No country code begins like this number.');
  parsed.set(text, digits);
  return digits;
}

function digitsOf(text: string): string {
  const number = LINK.test(text) ? numberOfLink(text) : text.replace(/^tel:/i, '');
  if (!PHONE.test(number)) refuse(text, 'no_number', 'This is not a phone number.');
  return number.replace(/\D/g, '');
}

/** The number in `wa.me/<number>`, or in the parameter `phone` of a link that opens a chat. */
function numberOfLink(text: string): string {
  const address = /^https?:/i.test(text) ? text : `https://${text}`;
  const link = URL.canParse(address) ? new URL(address) : undefined;
  return link?.searchParams.get('phone') ?? link?.pathname.split('/')[1] ?? '';
}

/**
 * The jid that a message goes to: user jids without a device, `@c.us` as `@s.whatsapp.net`.
 *
 * @throws {ApiError} INVALID_RECIPIENT
 */
export function parseRecipient(to: string | number): string {
  const text = String(to).trim();
  const at = text.lastIndexOf('@');
  if (at === -1) return `${parsePhoneNumber(text)}@s.whatsapp.net`;
  const name = text.slice(0, at);
  if (name.includes('@'))
    refuse(to, 'bad_jid', `There is an ending twice: before \`${text.slice(at)}\` stands another @.`);
  const server = text.slice(at + 1).toLowerCase();
  switch (server) {
    case 's.whatsapp.net':
    case 'c.us': {
      const user =
        USER.exec(name)?.[1] ?? refuse(to, 'bad_jid', 'Before the @ there must be the digits of the phone number.');
      return `${user}@s.whatsapp.net`;
    }
    case 'lid':
      return `${USER.exec(name)?.[1] ?? refuse(to, 'bad_jid', 'Before @lid there must be digits.')}@lid`;
    case 'g.us':
      return `${GROUP.exec(name)?.[1] ?? refuse(to, 'bad_jid', 'Before @g.us there must be the id of a group.')}@g.us`;
    default:
      return refuse(to, 'bad_jid', `Messages to @${server.slice(0, 40)} are not supported.`);
  }
}

/** Where status updates go. */
export const STATUS_JID = 'status@broadcast';
export const CHANNEL = new RegExp(CHANNEL_PATTERN);

/** The jid of a channel or of the status. `undefined`: it is neither of them. */
export function parsePublicChat(to: string | number): string | undefined {
  const text = String(to).trim().toLowerCase();
  if (text === 'status' || text === STATUS_JID) return STATUS_JID;
  return CHANNEL.test(text) ? text : undefined;
}

export const isChannel = (jid: string): boolean => jid.endsWith('@newsletter');

/**
 * The digits of a phone number that may also be given as the jid of its account.
 *
 * @throws {ApiError} INVALID_RECIPIENT
 */
export function parseNumber(given: string): string {
  if (!given.includes('@')) return parsePhoneNumber(given);
  const [user, server] = parseRecipient(given).split('@');
  if (server !== 's.whatsapp.net') refuse(given, 'no_number', 'This is no phone number, and does not lead to one.');
  return user!;
}
