import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { LRUCache } from 'lru-cache';
import { ApiError } from './api-error.ts';

/** Digits with an optional +, and what people put between them. */
const PHONE = /^\+?[\d\s().-]+$/;
const USER = /^(\d{5,20})(?::\d{1,3})?$/;
const GROUP = /^(\d{5,32}(?:-\d{5,32})?)$/;

/**
 * Customers write to the same people again. Without this cache, parsing by the numbering plans costs a twentieth of a
 * send.
 */
const parsed = new LRUCache<string, string>({ max: 10_000 });

function refuse(to: string, why: string): never {
  throw new ApiError('INVALID_RECIPIENT', {
    message: `${why} Use +<country code><number>, the same digits without +, or a jid that ends in @s.whatsapp.net, @c.us, @lid or @g.us.`,
    details: { to },
  });
}

/**
 * The digits of a phone number, as WhatsApp names it. The number must be possible for its country. Whether it is
 * assigned and has WhatsApp, only WhatsApp knows.
 *
 * @throws {ApiError} INVALID_RECIPIENT
 */
export function parsePhoneNumber(given: string): string {
  const known = parsed.get(given);
  if (known !== undefined) return known;
  const text = given.trim();
  if (!PHONE.test(text)) refuse(given, 'This is not a phone number.');
  const digits = text.replace(/\D/g, '');
  const number = parsePhoneNumberFromString(`+${digits}`);
  if (!number?.isPossible()) refuse(given, 'No country has such a phone number.');
  const name = number.number.slice(1);
  parsed.set(given, name);
  return name;
}

/**
 * The jid that a message goes to: user jids without a device, `@c.us` as `@s.whatsapp.net`.
 *
 * @throws {ApiError} INVALID_RECIPIENT
 */
export function parseRecipient(to: string): string {
  const text = to.trim();
  const at = text.lastIndexOf('@');
  if (at === -1) return `${parsePhoneNumber(text)}@s.whatsapp.net`;
  const name = text.slice(0, at);
  const server = text.slice(at + 1).toLowerCase();
  switch (server) {
    case 's.whatsapp.net':
    case 'c.us': {
      const user = USER.exec(name)?.[1] ?? refuse(to, 'Before the @ there must be the digits of the phone number.');
      return `${user}@s.whatsapp.net`;
    }
    case 'lid':
      return `${USER.exec(name)?.[1] ?? refuse(to, 'Before @lid there must be digits.')}@lid`;
    case 'g.us':
      return `${GROUP.exec(name)?.[1] ?? refuse(to, 'Before @g.us there must be the id of a group.')}@g.us`;
    default:
      return refuse(to, `Messages to @${server.slice(0, 40)} are not supported.`);
  }
}
