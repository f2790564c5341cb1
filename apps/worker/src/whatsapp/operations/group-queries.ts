import type { BinaryNode, WASocket } from '../baileys.ts';
import { NoAnswerError, RefusedByWhatsAppError, whatsAppCodeOf } from '../errors.ts';
import { groupJidOf } from '../group-nodes.ts';
import { askNode, childrenOf, nodeOf } from '../nodes.ts';

type Sentences = Readonly<Record<number, string>>;

/** What WhatsApp's codes mean for a group that exists and is not ours, or is not there. */
const OF_GROUP: Sentences = {
  401: 'Only admins of the group may do this, and the account is none. Ask one of them to make it an admin.',
  403: 'WhatsApp does not allow this in the group: the account is no member of it, or only admins may do this.',
  404: 'WhatsApp knows no such group. Look into the list of groups for its id.',
  406: 'WhatsApp does not accept this for the group. Check the values.',
  409: 'The group has just been changed by somebody else, or is so already. Read it and try again.',
  419: 'The group is full. Remove somebody, or make another group.',
};

/**
 * Asks about a group, or changes it.
 *
 * @param to the jid of the group; `@g.us` for what is no single group
 * @throws {NoAnswerError} WhatsApp is silent
 * @throws {RefusedByWhatsAppError} WhatsApp has refused it
 */
export async function askGroup(
  sock: Pick<WASocket, 'query'>,
  to: string,
  type: 'get' | 'set',
  content: BinaryNode,
  sentences: Sentences = {},
): Promise<BinaryNode> {
  try {
    const iq = nodeOf('iq', { to: to === '@g.us' ? to : groupJidOf(to), xmlns: 'w:g2', type }, [content]);
    return await askNode(sock, iq);
  } catch (error) {
    const code = whatsAppCodeOf(error);
    const sentence = code === undefined ? undefined : { ...OF_GROUP, ...sentences }[code];
    throw sentence !== undefined && !(error instanceof NoAnswerError) && code !== 408
      ? new RefusedByWhatsAppError(code!, sentence)
      : error;
  }
}

/** The child of an answer that must be there. @throws {NoAnswerError} WhatsApp has answered something else */
export function requiredChild(answer: BinaryNode, tag: string): BinaryNode {
  const child = childrenOf(answer).find((node) => node.tag === tag);
  if (!child) throw new NoAnswerError(`WhatsApp has answered without <${tag}>.`);
  return child;
}

export const participantNodes = (jids: readonly string[]): BinaryNode[] =>
  jids.map((jid) => nodeOf('participant', { jid }));
