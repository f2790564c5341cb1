import type { OutboundRequest } from '@wa-gate/contracts';
import { deriveKey } from '@wa-gate/kit';
import { expect, it } from 'vitest';
import { buildMessage, decodeMessage, encodeMessage, messageSecret } from './outbound.ts';

const key = Buffer.alloc(32, 7);
const build = (id: string) => encodeMessage(buildMessage({ type: 'text', text: 'hello' }, messageSecret(key, 's', id)));

it('makes the same bytes for the same message, in every process and attempt', () => {
  expect(build('ID1')).toEqual(build('ID1'));
  expect(build('ID1')).not.toEqual(build('ID2'));
});

it('gives each message a secret of its own that does not follow from its id', () => {
  const { messageContextInfo, conversation } = decodeMessage(build('ID1'));
  expect(conversation).toBe('hello');
  expect(messageContextInfo?.messageSecret).toHaveLength(32);
  expect(messageSecret(Buffer.alloc(32, 8), 's', 'ID1')).not.toEqual(messageSecret(key, 's', 'ID1'));
});

it.each<[string, OutboundRequest, string]>([
  [
    'a location',
    { type: 'location', latitude: -6.1754, longitude: 106.8272, name: 'Monas', url: 'https://example.com/monas' },
    '2a3409a4dfbe0e9cb318c01114d044d8f0b45a401a054d6f6e61732a1968747470733a2f2f6578616d706c652e636f6d2f6d6f6e61739a02221a200101010101010101010101010101010101010101010101010101010101010101',
  ],
  [
    'a location that has only coordinates',
    { type: 'location', latitude: 0, longitude: 0 },
    '2a120900000000000000001100000000000000009a02221a200101010101010101010101010101010101010101010101010101010101010101',
  ],
  [
    'a contact',
    { type: 'contact', contacts: [{ name: 'Ann Example', phones: [{ number: '+6281234567890' }] }] },
    '2282010a0b416e6e204578616d706c65820172424547494e3a56434152440a56455253494f4e3a332e300a4e3a3b416e6e204578616d706c653b3b3b0a464e3a416e6e204578616d706c650a54454c3b747970653d43454c4c3b776169643d363238313233343536373839303a2b363238313233343536373839300a454e443a56434152449a02221a200101010101010101010101010101010101010101010101010101010101010101',
  ],
  [
    'several contacts',
    {
      type: 'contact',
      contacts: [
        { name: 'Ann', emails: ['a@example.com'] },
        { name: 'Bob', phones: [{ number: '15551234567', label: 'work' }] },
      ],
    },
    '6ad0010a08416e6e2c20426f62125c0a03416e6e820154424547494e3a56434152440a56455253494f4e3a332e300a4e3a3b416e6e3b3b3b0a464e3a416e6e0a454d41494c3b747970653d494e5445524e45543a61406578616d706c652e636f6d0a454e443a564341524412660a03426f6282015e424547494e3a56434152440a56455253494f4e3a332e300a4e3a3b426f623b3b3b0a464e3a426f620a54454c3b747970653d574f524b3b776169643d31353535313233343536373a2b31353535313233343536370a454e443a56434152449a02221a200101010101010101010101010101010101010101010101010101010101010101',
  ],
  [
    'a poll with one answer',
    { type: 'poll', name: 'Lunch?', options: ['Yes', 'No'] },
    '9a02221a20010101010101010101010101010101010101010101010101010101010101010182041712064c756e63683f1a050a035965731a040a024e6f2001',
  ],
  [
    'a poll with many answers',
    { type: 'poll', name: 'Lunch?', options: ['Yes', 'No'], selectableCount: 0 },
    '9a02221a2001010101010101010101010101010101010101010101010101010101010101018a031712064c756e63683f1a050a035965731a040a024e6f2000',
  ],
  [
    'a poll of an announcement group',
    { type: 'poll', name: 'Lunch?', options: ['Yes', 'No'], announcement: true },
    '9a02221a200101010101010101010101010101010101010101010101010101010101010101e2031712064c756e63683f1a050a035965731a040a024e6f2001',
  ],
  [
    'an event',
    {
      type: 'event',
      name: 'Dinner',
      startTime: '2026-12-24T18:00:00Z',
      location: { name: 'Café', latitude: 52.5, longitude: 13.25 },
      extraGuests: true,
    },
    '9a02221a200101010101010101010101010101010101010101010101010101010101010101da042f10001a0644696e6e65722a19090000000000404a40110000000000802a401a05436166c3a938a0bbb5d90648015000',
  ],
  [
    'buttons',
    { type: 'buttons', text: 'Sure?', buttons: [{ id: 'yes', text: 'Yes' }] },
    '9a02221a200101010101010101010101010101010101010101010101010101010101010101d202193205537572653f4a0e0a0379657312050a0359657318015001',
  ],
  [
    'a list',
    {
      type: 'list',
      text: 'What?',
      button: 'Menu',
      sections: [{ title: 'Pizza', rows: [{ id: 'm', title: 'Margherita', description: 'Tomatoes' }] }],
    },
    '9a02221a200101010101010101010101010101010101010101010101010101010101010101a202331205576861743f1a044d656e7520012a220a0550697a7a6112190a0a4d6172676865726974611208546f6d61746f65731a016d',
  ],
])('the bytes of %s stay as they are (I8)', (_, request, bytes) => {
  expect(encodeMessage(buildMessage(request, Buffer.alloc(32, 1))).toString('hex')).toBe(bytes);
});

it('makes the bytes that it has always made: rows of older versions are sent again by newer ones (I8)', () => {
  const secretKey = deriveKey(Buffer.alloc(32, 7), 'message-secret');
  const secret = messageSecret(secretKey, '018f6f3c-4d00-7000-8000-000000000001', '3EB0A1B2C3D4E5F6A7B8C9');
  const bytes = encodeMessage(buildMessage({ type: 'text', text: 'hello 👋' }, secret));
  expect(bytes.toString('hex')).toBe(
    '0a0a68656c6c6f20f09f918b9a02221a20aa6b15eabe9babab22ca8bc0c8592e9f14b28a5ce1fe3d3983c511aa285467d4',
  );
});
