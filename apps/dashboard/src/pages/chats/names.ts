import { type UseQueryResult, useQueries } from '@tanstack/react-query';
import type { Channel, Chat, Message } from '../../api/types.ts';
import { phone } from '../../i18n/format.ts';
import { readable } from '../../i18n/jid.ts';
import { channelsQuery } from '../channels/queries.ts';
import { chatsTexts } from './texts.ts';

type Place = Pick<Chat, 'sessionId' | 'chat'>;
type Named = Place & Partial<Pick<Chat, 'name' | 'identity'>>;
const isChannel = ({ chat }: Place): boolean => chat.endsWith('@newsletter');

const namesOfChannels = (answers: UseQueryResult<{ channels: Channel[] }>[]): ReadonlyMap<string, string> =>
  new Map(answers.flatMap(({ data }) => data?.channels ?? []).map(({ id, name }) => [id, name]));

/**
 * What chats are called. The API keeps no names of channels: WhatsApp is asked for them when a channel is among the
 * chats.
 *
 * @param places the chats that are to be named
 */
export function useChatNames(places: readonly Place[]): (chat: Named) => string {
  const t = chatsTexts.use();
  const sessions = [...new Set(places.filter(isChannel).map(({ sessionId }) => sessionId))];
  const channels = useQueries({ queries: sessions.map(channelsQuery), combine: namesOfChannels });
  return ({ chat, name, identity }) => {
    const known = name ?? identity?.name ?? channels.get(chat);
    if (known) return known;
    if (chat === 'status@broadcast') return t('statusUpdates');
    return identity?.phoneNumber ? phone(identity.phoneNumber) : readable(chat);
  };
}

export function nameOfSender({ senderName, identities, from }: Message): string {
  const { from: sender, participant } = identities;
  const who = participant ?? sender;
  return who?.name ?? senderName ?? (who?.phoneNumber ? phone(who.phoneNumber) : from ? readable(from) : '');
}
