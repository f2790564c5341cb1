import { expect, it } from 'vitest';
import { readHistoryMessage } from './history.ts';

const OWN = { jid: '15550009@s.whatsapp.net' };
const ANN = '15550001@s.whatsapp.net';

it.each([
  ['a message of a chat', ANN, { chatJid: ANN, text: 'hello' }],
  ['no status update', 'status@broadcast', undefined],
])('of the history of a phone, %s is stored (MR-012)', (_what, remoteJid, expected) => {
  const found = {
    key: { remoteJid, id: '3A01', fromMe: false, participant: ANN },
    message: { conversation: 'hello' },
    messageTimestamp: 1_700_000_000,
  };
  const read = readHistoryMessage(found, remoteJid, OWN)?.message;
  if (expected) expect(read).toMatchObject(expected);
  else expect(read).toBeUndefined();
});
