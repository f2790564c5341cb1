import { newId } from '@wa-gate/kit';
import { type InboundMessage, learnContacts, storeInbound } from '@wa-gate/messaging';
import type { GatewayFixture, TestSession } from './gateway-fixture.ts';

type Given = Partial<InboundMessage> & Pick<InboundMessage, 'chatJid'>;

let serial = 0;

/** Stores a message that came, as its owner does, with its event and its people. Returns its id. */
export async function receive(
  fixture: GatewayFixture,
  session: Pick<TestSession, 'id'>,
  given: Given,
): Promise<string> {
  serial += 1;
  const message: InboundMessage = {
    sessionId: session.id,
    epoch: 1,
    id: newId(),
    waMessageId: `IN${serial}`,
    fromJid: given.chatJid,
    fromMe: false,
    type: 'text',
    text: `text ${serial}`,
    waTimestamp: new Date(),
    ...given,
  };
  const { pool } = fixture.database;
  const { chatJid, chatAltJid, senderName, waTimestamp: at } = message;
  if (!chatJid.endsWith('@g.us')) {
    const names = senderName === undefined ? {} : { names: { push: senderName } };
    await learnContacts(pool, [{ sessionId: session.id, jid: chatJid, altJid: chatAltJid, ...names, at }]);
  }
  const { stored } = await storeInbound(pool, [message]);
  if (stored.length !== 1) throw new Error('the message was not stored');
  return message.id;
}
