import type { OutboundContext, SendRequest } from '@wa-gate/contracts';
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
  { replyTo, mentions }: Pick<SendRequest, 'replyTo' | 'mentions'>,
): Promise<OutboundContext | undefined> {
  if (replyTo === undefined && mentions === undefined) return undefined;
  const quoted = replyTo === undefined ? undefined : await readQuoted(messages, session, replyTo);
  return { ...(quoted && { quoted }), ...(mentions && { mentions: [...new Set(mentions.map(parseMentioned))] }) };
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
  if (found.revokedAt || found.state === 'FAILED')
    throw new ApiError('VALIDATION', {
      message:
        'The message that `replyTo` names was deleted, or was never sent: phones could not show it. Quote another one.',
    });
  const { id: messageId, waMessageId, chatJid, fromMe, fromJid, type, text } = found;
  return { messageId, waMessageId, chatJid, fromJid: fromMe ? null : fromJid, type, text };
}

function parseMentioned(mentioned: string): string {
  const jid = parseRecipient(mentioned);
  if (!jid.endsWith('@g.us')) return jid;
  throw new ApiError('VALIDATION', { message: '`mentions` takes people: phone numbers or their jids, no groups.' });
}
