import { describe, expect, it } from 'vitest';
import { readPasskeyStep } from './passkey.ts';

const notification = (type: string, from = 's.whatsapp.net', content?: unknown) =>
  readPasskeyStep({ tag: 'notification', attrs: { type, from, id: '1' }, content } as never);

describe('what the server says about passkeys while a device is linked', () => {
  it.each([
    ['passkey_prologue_request', 'passkey'],
    ['crsc_continuation', 'confirmation'],
    ['passkey_something_new', 'passkey'],
    ['devices', null],
    ['link_code_companion_reg', null],
  ])('%s: %s', (type, step) => {
    expect(notification(type)).toBe(step);
    expect(notification(type, '@s.whatsapp.net', [{ tag: 'unheard_of', attrs: {} }])).toBe(step);
  });

  it('is not believed from anybody else', () => {
    expect(notification('passkey_prologue_request', '1555@s.whatsapp.net')).toBeNull();
  });
});
