import { expect, it } from 'vitest';
import { buildMessage, decodeMessage, encodeMessage, messageSecret } from './outbound.ts';

const key = Buffer.alloc(32, 7);
const build = (id: string) => encodeMessage(buildMessage({ type: 'text', text: 'hello' }, messageSecret(key, 's', id)));

it('makes the same bytes for the same message, in every process and attempt', () => {
  expect(build('ID1')).toEqual(build('ID1'));
  expect(build('ID1')).not.toEqual(build('ID2'));
});

it('gives each message a secret of its own that its id does not tell', () => {
  const { messageContextInfo, conversation } = decodeMessage(build('ID1'));
  expect(conversation).toBe('hello');
  expect(messageContextInfo?.messageSecret).toHaveLength(32);
  expect(messageSecret(Buffer.alloc(32, 8), 's', 'ID1')).not.toEqual(messageSecret(key, 's', 'ID1'));
});
