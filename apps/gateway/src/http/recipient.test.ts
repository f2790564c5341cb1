import { describe, expect, it } from 'vitest';
import { parsePhoneNumber, parseRecipient } from './recipient.ts';

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

  it('a phone number is its digits', () => {
    expect(parsePhoneNumber('+62 812 3456 7890')).toBe('6281234567890');
  });
});
