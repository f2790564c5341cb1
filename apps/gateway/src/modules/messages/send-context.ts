import { hasFailed, type OutboundContext, type SendRequest } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { parseRecipient } from '../../http/recipient.ts';
import type { SessionRef } from '../../principal.ts';
import type { MessagesRepository } from './messages.repository.ts';

/**
 * What a request refers to. The quoted message is read only when the request quotes one.
 *
 * @throws {ApiError} when there is no such message in the session, or somebody mentioned is none
 */
export async function readSendContext(
  messages: Pick<MessagesRepository, 'find'>,
  session: SessionRef,
  { replyTo, mentions, mentionAll, typing }: Pick<SendRequest, 'replyTo' | 'mentions' | 'mentionAll' | 'typing'>,
  chatJid: string,
): Promise<OutboundContext | undefined> {
  if (mentionAll && !chatJid.endsWith('@g.us'))
    throw new ApiError('VALIDATION', { message: '`mentionAll` is for groups: `to` is not one.' });
  const quoted = replyTo === undefined ? undefined : await readQuoted(messages, session, replyTo);
  const context: OutboundContext = {
    ...(quoted && { quoted }),
    ...(mentions && { mentions: [...new Set(mentions.map(parseMentioned))] }),
    ...(mentionAll && { mentionsAll: true }),
    ...(typing && { typing: { seconds: typing.seconds, state: typing.state ?? 'composing' } }),
  };
  return Object.keys(context).length > 0 ? context : undefined;
}

async function readQuoted(
  messages: Pick<MessagesRepository, 'find'>,
  { workspaceId, id: sessionId }: SessionRef,
  replyTo: string,
): Promise<NonNullable<OutboundContext['quoted']>> {
  const found = await messages.find({ workspaceId, sessionId, all: false }, replyTo);
  if (!found)
    throw new ApiError('MESSAGE_NOT_FOUND', {
      message: '`replyTo` names no message of this session. Give the `messageId` of one, as lists and events show it.',
    });
  if (found.revokedAt || (hasFailed(found.state) && found.state !== 'UNKNOWN'))
    throw new ApiError('VALIDATION', {
      message:
        'The message that `replyTo` names was deleted, or was never sent: phones could not show it. Quote another one.',
    });
  const { id: messageId, waMessageId, chatJid, fromMe, fromJid, type, text } = found;
  return { messageId, waMessageId, chatJid, fromJid: fromMe ? null : fromJid, type, text };
}

/** The jid of somebody to mention. @throws {ApiError} */
export function parseMentioned(mentioned: string): string {
  const jid = parseRecipient(mentioned);
  if (!jid.endsWith('@g.us')) return jid;
  throw new ApiError('VALIDATION', { message: '`mentions` takes people: phone numbers or their jids, no groups.' });
}
