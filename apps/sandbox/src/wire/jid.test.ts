import { describe, expect, test } from 'vitest';
import { bareJid, formatJid, lidJid, parseJid, pnJid, S_WHATSAPP_NET } from './jid.ts';

describe('addresses', () => {
  test.each([
    ['4915:3@s.whatsapp.net', { user: '4915', server: 's.whatsapp.net', device: 3 }],
    ['99@lid', { user: '99', server: 'lid', device: 0 }],
    ['123-45@g.us', { user: '123-45', server: 'g.us', device: 0 }],
    [S_WHATSAPP_NET, { user: '', server: 's.whatsapp.net', device: 0 }],
  ])('%s', (written, parsed) => {
    expect(parseJid(written)).toEqual(parsed);
    expect(formatJid(parsed)).toBe(written);
  });

  test.each(['', 'abc', 'abc@', '1:x@lid', '1:256@lid'])('"%s" is no address', (value) => {
    expect(parseJid(value)).toBeNull();
  });

  test('the account of a device, and devices of an account', () => {
    expect(bareJid('4915:3@s.whatsapp.net')).toBe('4915@s.whatsapp.net');
    expect(bareJid('not an address')).toBe('not an address');
    expect(pnJid('4915', 2)).toBe('4915:2@s.whatsapp.net');
    expect(lidJid('99')).toBe('99@lid');
  });
});
