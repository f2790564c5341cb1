import { type BinaryNode, S_WHATSAPP_NET, type WASocket } from './baileys.ts';
import { NoAnswerError } from './errors.ts';
import { askNode, childOf, childrenOf, nodeOf, textOf } from './nodes.ts';

type QuerySocket = Pick<WASocket, 'query' | 'generateMessageTag'>;

export interface About {
  /** `null`: none, or not for this account. */
  about: string | null;
  /** ISO 8601. */
  setAt: string | null;
}

/** The about text of an account. @throws {NoAnswerError}, or Baileys' error with WhatsApp's code */
export async function askAbout(sock: QuerySocket, jid: string): Promise<About> {
  const status = await askUser(sock, jid, 'status');
  const seconds = Number(status?.attrs.t ?? 0);
  return {
    about: textOf(status) || null,
    setAt: seconds > 0 ? new Date(seconds * 1000).toISOString() : null,
  };
}

/** After how many seconds messages of new chats of an account vanish; 0: never. @throws as {@link askAbout} */
export async function askDisappearing(sock: QuerySocket, jid: string): Promise<number | null> {
  const mode = await askUser(sock, jid, 'disappearing_mode');
  const seconds = Number(mode?.attrs.duration);
  return Number.isInteger(seconds) ? seconds : null;
}

/** What WhatsApp says of an account under one heading; `undefined`: nothing. */
async function askUser(sock: QuerySocket, jid: string, protocol: string): Promise<BinaryNode | undefined> {
  const attrs = { sid: sock.generateMessageTag(), mode: 'query', last: 'true', index: '0', context: 'interactive' };
  const asked = [nodeOf('query', {}, [nodeOf(protocol)]), nodeOf('list', {}, [nodeOf('user', { jid })])];
  const answer = await askNode(
    sock,
    nodeOf('iq', { to: S_WHATSAPP_NET, type: 'get', xmlns: 'usync' }, [nodeOf('usync', attrs, asked)]),
  );
  const list = childOf(childOf(answer, 'usync'), 'list');
  if (!list) throw new NoAnswerError('WhatsApp does not answer the question about an account.');
  return childOf(childrenOf(list)[0], protocol);
}
