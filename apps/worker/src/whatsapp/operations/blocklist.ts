import { isLidUser, jidDecode, jidNormalizedUser, S_WHATSAPP_NET, type WASocket } from '../baileys.ts';
import { askSpellings } from '../contact-query.ts';
import { askNode, childOf, childrenOf, nodeOf } from '../nodes.ts';
import { NotReadyError, type Performers } from './operation-socket.ts';

export const blocklist: Performers<'blocklist'> = {
  async 'blocklist.get'({ sock }) {
    const answer = await askNode(sock, nodeOf('iq', { xmlns: 'blocklist', to: S_WHATSAPP_NET, type: 'get' }));
    const items = childrenOf(childOf(answer, 'list'));
    return { jids: items.flatMap(({ attrs }) => (attrs.jid ? [jidNormalizedUser(attrs.jid)] : [])) };
  },
  async 'blocklist.block'({ sock, tellPerson }, { jid }) {
    const { lid, number } = await namesOf(sock, jid);
    if (!number) throw new NotReadyError(NO_NUMBER);
    await change(sock, { action: 'block', jid: lid, pn_jid: number });
    await tellPerson({ jid, type: 'contact.blocked', data: {} });
    return { jid };
  },
  async 'blocklist.unblock'({ sock, tellPerson }, { jid }) {
    const { lid } = await namesOf(sock, jid);
    await change(sock, { action: 'unblock', jid: lid });
    await tellPerson({ jid, type: 'contact.unblocked', data: {} });
    return { jid };
  },
};

const NO_NUMBER =
  'WhatsApp has not told this session the number of the person, and blocks nobody without it. It tells the number with a message of the person.';
const NO_LID = 'WhatsApp does not name this person: it may not be on WhatsApp. Check the number.';

async function change(sock: WASocket, item: Record<string, string>): Promise<void> {
  await askNode(sock, nodeOf('iq', { xmlns: 'blocklist', to: S_WHATSAPP_NET, type: 'set' }, [nodeOf('item', item)]));
}

/** Both names of a person: WhatsApp blocks a LID and is told its number. */
async function namesOf(sock: WASocket, jid: string): Promise<{ lid: string; number: string | undefined }> {
  const { lidMapping } = sock.signalRepository;
  if (isLidUser(jid)) {
    const number = await lidMapping.getPNForLID(jid);
    return { lid: jid, number: number ? jidNormalizedUser(number) : undefined };
  }
  const known = await lidMapping.getLIDForPN(jid);
  if (known) return { lid: jidNormalizedUser(known), number: jid };
  const answer = await askSpellings(sock, jidDecode(jid)?.user ?? '');
  if (!answer?.lid) throw new NotReadyError(NO_LID);
  return { lid: answer.lid, number: answer.jid ?? jid };
}
