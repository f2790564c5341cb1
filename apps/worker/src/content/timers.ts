import type { ChatTimer } from '@wa-gate/messaging';
import { isJidGroup, jidNormalizedUser, proto, type WAMessage } from '../whatsapp/baileys.ts';
import { contextInfoOf } from './context.ts';
import { toNumber } from './fields.ts';
import { unwrap } from './read-content.ts';

const { Type: ProtocolType } = proto.Message.ProtocolMessage;

/**
 * The timer that a message of a direct chat sets, or shows to be set, under each name of the chat. One that is only
 * shown without its time counts as long as no other is known. Pure.
 */
export function readTimers({ key, message, messageTimestamp }: WAMessage): ChatTimer[] {
  const chatJid = key.remoteJid;
  if (!message || !chatJid || isJidGroup(chatJid) || chatJid.endsWith('@broadcast')) return [];
  const found = timerIn(message, toNumber(messageTimestamp) ?? 0);
  const names = [chatJid, key.remoteJidAlt].flatMap((jid) => (jid ? [jidNormalizedUser(jid)] : []));
  return found ? names.map((name) => ({ chatJid: name, ...found })) : [];
}

const isSetting = ({ protocolMessage: part }: proto.IMessage): boolean => part?.type === ProtocolType.EPHEMERAL_SETTING;

function timerIn(raw: proto.IMessage, sentAt: number): Omit<ChatTimer, 'chatJid'> | null {
  const message = unwrap(raw);
  if (isSetting(message)) {
    const { ephemeralExpiration, ephemeralSettingTimestamp } = message.protocolMessage!;
    return timer(ephemeralExpiration ?? 0, toNumber(ephemeralSettingTimestamp) || sentAt);
  }
  const info = contextInfoOf(message);
  return info?.expiration ? timer(info.expiration, toNumber(info.ephemeralSettingTimestamp) ?? 0) : null;
}

const timer = (seconds: number, setAt: number) => ({ seconds, setAt: new Date(setAt * 1000) });
