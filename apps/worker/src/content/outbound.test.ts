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
