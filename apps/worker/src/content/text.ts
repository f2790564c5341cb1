import type { Codec } from './codec.ts';

export const text: Codec<'text'> = {
  members: ['conversation', 'extendedTextMessage'],
  build: (request, { secret }) => ({ conversation: request.text, messageContextInfo: { messageSecret: secret } }),
  read(message) {
    const words = message.conversation ?? message.extendedTextMessage?.text;
    return words ? { text: words } : null;
  },
};
