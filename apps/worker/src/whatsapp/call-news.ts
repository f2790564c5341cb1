import type { CallNews } from '@wa-gate/messaging';
import { type BinaryNode, isJidGroup, jidNormalizedUser } from './baileys.ts';
import { childOf, childrenOf } from './nodes.ts';

/** How WhatsApp says that another device of the account has taken or rejected the call. */
const ELSEWHERE: Readonly<Record<string, 'accepted' | 'rejected'>> = {
  accepted_elsewhere: 'accepted',
  rejected_elsewhere: 'rejected',
};

/**
 * A stanza `call` of a call that comes in; `null`: it changes nothing that is told, such as measurements of the line.
 * Baileys does not pass the reason of an end on.
 */
export function readCallNews({ attrs, content }: BinaryNode): CallNews | null {
  const [what] = childrenOf({ tag: 'call', attrs, content: content ?? [] });
  const callId = what?.attrs['call-id'];
  if (!what || !callId) return null;
  const caller = jidNormalizedUser(what.attrs['call-creator'] ?? attrs.from);
  if (!/^\d+@(s\.whatsapp\.net|lid)$/.test(caller)) return null;
  const group = [what.attrs['group-jid'], attrs.from].find((jid) => jid !== undefined && isJidGroup(jid));
  const seconds = Number(attrs.t);
  const told = {
    callId,
    callerJid: caller,
    chatJid: group ?? caller,
    isVideo: childOf(what, 'video') !== undefined || what.attrs.media === 'video',
    at: seconds > 0 ? new Date(seconds * 1000) : new Date(),
  };
  switch (what.tag) {
    case 'offer':
    case 'offer_notice':
      return { ...told, status: 'ringing' };
    case 'accept':
      return { ...told, status: 'accepted' };
    case 'reject':
      return { ...told, status: 'rejected', rejectedBy: 'device' };
    case 'terminate': {
      const elsewhere = ELSEWHERE[what.attrs.reason ?? ''];
      if (elsewhere === 'rejected') return { ...told, status: 'rejected', rejectedBy: 'device' };
      return { ...told, status: elsewhere ?? 'over' };
    }
    default:
      return null;
  }
}

/** The other name of the caller, where the stanza tells it. */
export const callerNumberOf = (node: BinaryNode): string | undefined => {
  const number = childrenOf(node)[0]?.attrs.caller_pn;
  return number === undefined ? undefined : jidNormalizedUser(number);
};
