import { describe, expect, it } from 'vitest';
import { parseNumber, parsePhoneNumber, parseRecipient } from './recipient.ts';

describe('a recipient (MR-156)', () => {
  it.each([
    ['+62 812-3456-7890', '6281234567890@s.whatsapp.net'],
    ['6281234567890', '6281234567890@s.whatsapp.net'],
    ['+1 (555) 123-4567', '15551234567@s.whatsapp.net'],
    ['6281234567890@s.whatsapp.net', '6281234567890@s.whatsapp.net'],
    ['6281234567890:12@s.whatsapp.net', '6281234567890@s.whatsapp.net'],
    ['6281234567890@c.us', '6281234567890@s.whatsapp.net'],
    ['6281234567890@C.US', '6281234567890@s.whatsapp.net'],
    ['123456789012345@lid', '123456789012345@lid'],
    ['120363041234567890@g.us', '120363041234567890@g.us'],
    ['6281234567890-1612345678@g.us', '6281234567890-1612345678@g.us'],
    ['  6281234567890  ', '6281234567890@s.whatsapp.net'],
    [6281234567890, '6281234567890@s.whatsapp.net'],
    ['tel:+62-812-3456-7890', '6281234567890@s.whatsapp.net'],
    ['https://wa.me/6281234567890', '6281234567890@s.whatsapp.net'],
    ['wa.me/6281234567890?text=hello', '6281234567890@s.whatsapp.net'],
    ['https://api.whatsapp.com/send?phone=%2B62%20812-3456-7890&text=hi', '6281234567890@s.whatsapp.net'],
    // Old and new spellings stay as they are: WhatsApp knows which one is the account's.
    ['+52 1 55 1234 5678', '5215512345678@s.whatsapp.net'],
    ['+52 55 1234 5678', '525512345678@s.whatsapp.net'],
    ['+54 9 11 2345-6789', '5491123456789@s.whatsapp.net'],
    ['+54 11 2345-6789', '541123456789@s.whatsapp.net'],
    ['+55 (11) 98765-4321', '5511987654321@s.whatsapp.net'],
    ['+55 (11) 8765-4321', '551187654321@s.whatsapp.net'],
    ['+229 97 12 34 56', '22997123456@s.whatsapp.net'],
    ['+229 01 97 12 34 56', '2290197123456@s.whatsapp.net'],
    // 354 is a country code, which 555 is not.
    ['354 555 1234', '3545551234@s.whatsapp.net'],
    ['15551234567', '15551234567@s.whatsapp.net'],
    ['5551234567', '5551234567@s.whatsapp.net'],
    ['+225 07 12 34 56', '22507123456@s.whatsapp.net'],
    ['+225 07 07 12 34 56', '2250707123456@s.whatsapp.net'],
  ])('%s is %s', (to, jid) => {
    expect(parseRecipient(to)).toBe(jid);
  });

  it.each([
    ['nobody'],
    ['+'],
    ['12'],
    ['+999999999999999999'],
    ['0812345678'],
    ['@s.whatsapp.net'],
    ['abc@s.whatsapp.net'],
    ['1234@newsletter'],
    ['status@broadcast'],
    ['-1@g.us'],
    ['628123@s.whatsapp.net@g.us'],
  ])('%s is refused', (to) => {
    expect(() => parseRecipient(to)).toThrow(expect.objectContaining({ code: 'INVALID_RECIPIENT' }));
  });

  it.each([
    ['00628123456789', 'country code'],
    ['08123456789', 'country code'],
    ['6281234567890@s.whatsapp.net@s.whatsapp.net', 'twice'],
    ['555 123 4567', 'One of the USA or Canada begins with +1'],
    ['(555) 123-4567', '555 is none'],
    ['(555)123-4567', '555 is none'],
    ['+62812', '7 to 15 digits'],
    ['https://wa.me/message/ABCDEF', 'not a phone number'],
  ])('%s is refused with a sentence that says %s', (to, why) => {
    expect(() => parseRecipient(to)).toThrow(why);
  });

  it('a phone number is its digits', () => {
    expect(parsePhoneNumber('+62 812 3456 7890')).toBe('6281234567890');
  });
});

it.each([
  ['+52 1 55 1234 5678', '5215512345678'],
  ['525512345678@s.whatsapp.net', '525512345678'],
  ['525512345678@c.us', '525512345678'],
  ['https://wa.me/525512345678', '525512345678'],
])('a number to link with may be given as %s (MR-156)', (given, digits) => {
  expect(parseNumber(given)).toBe(digits);
});

it.each(['123456789012345@lid', '120363041234567890@g.us'])('%s is no number to link with (MR-156)', (given) => {
  expect(() => parseNumber(given)).toThrow(expect.objectContaining({ code: 'INVALID_RECIPIENT' }));
});
