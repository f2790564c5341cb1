import type { NoticedEvent } from '@wa-gate/messaging';
import { type BinaryNode, jidNormalizedUser } from './baileys.ts';
import { childOf, childrenOf, textOf } from './nodes.ts';

/** An event of a person or a channel, without its session. */
export type ToldNews = NoticedEvent extends infer E
  ? E extends NoticedEvent
    ? Omit<E, 'sessionId' | 'epoch'>
    : never
  : never;

const PERSON = /^\d+@(s\.whatsapp\.net|lid)$/;

/** What a notification tells of people: pictures, about texts, security codes, and whom another device has blocked. */
export const readPersonNews = (node: BinaryNode): ToldNews[] =>
  newsIn(node).map((news) => ({ ...news, notice: node.attrs.id && `${node.attrs.id} ${news.jid}` }));

function newsIn(node: BinaryNode): ToldNews[] {
  const { type, from } = node.attrs;
  if (type === 'account_sync') {
    return childrenOf(childOf(node, 'blocklist')).flatMap(({ attrs }): ToldNews[] => {
      const jid = jidNormalizedUser(attrs.jid);
      if (!PERSON.test(jid)) return [];
      return [{ jid, type: attrs.action === 'unblock' ? 'contact.unblocked' : 'contact.blocked', data: {} }];
    });
  }
  const jid = jidNormalizedUser(from);
  if (!PERSON.test(jid)) return [];
  if (type === 'picture') {
    const isSet = childOf(node, 'set') !== undefined;
    if (!isSet && !childOf(node, 'delete')) return [];
    return [{ jid, type: 'contact.updated', data: { changed: ['picture'], hasPicture: isSet } }];
  }
  if (type === 'status') {
    const set = childOf(node, 'set');
    return set ? [{ jid, type: 'contact.updated', data: { changed: ['about'], about: textOf(set) } }] : [];
  }
  if (type === 'encrypt' && childOf(node, 'identity')) return [{ jid, type: 'contact.identity_changed', data: {} }];
  return [];
}
