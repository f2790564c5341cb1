import { type BinaryNode, jidNormalizedUser } from './baileys.ts';
import { type ChannelData, readChannel } from './channel-nodes.ts';
import { textOf } from './nodes.ts';
import type { ToldNews } from './person-news.ts';

const CHANNEL = /^\d{5,32}@newsletter$/;

/** What WhatsApp tells of channels, by the member of its `data`. */
interface ChannelNotice {
  xwa2_notify_newsletter_on_join?: ChannelData;
  xwa2_notify_newsletter_on_leave?: ChannelData;
  xwa2_notify_newsletter_on_metadata_update?: ChannelData;
  xwa2_notify_newsletter_on_state_change?: ChannelData;
  xwa2_notify_newsletter_on_mute_change?: ChannelData & { mute?: string };
}

/** The older form, which names a channel and its new settings. */
interface SettingsUpdate {
  jid?: string;
  settings?: { name?: unknown; description?: unknown };
}

type ChannelNews = Extract<ToldNews, { type: `channel.${string}` }>;
type Updated = Omit<Extract<ChannelNews, { type: 'channel.updated' }>['data'], 'chat'>;

/**
 * What a notification tells of channels of the account. Baileys makes events of the older form alone, and of few of
 * them.
 */
export const readChannelNews = (node: BinaryNode): ToldNews[] =>
  newsIn(node).map((news) => ({ ...news, notice: node.attrs.id && `${node.attrs.id} ${news.jid}` }));

function newsIn({ attrs, content }: BinaryNode): ChannelNews[] {
  if (attrs.type !== 'mex' || !Array.isArray(content)) return [];
  return content.flatMap((child) => {
    const { data, updates } = parse(textOf(child));
    return [...ofNotice(data ?? {}), ...(updates ?? []).flatMap(ofSettings)];
  });
}

function parse(text: string): { data?: ChannelNotice | null; updates?: SettingsUpdate[] } {
  try {
    const { data, updates } = JSON.parse(text) as { data?: ChannelNotice | null; updates?: unknown };
    return { data: data ?? null, ...(Array.isArray(updates) && { updates: updates as SettingsUpdate[] }) };
  } catch {
    return {};
  }
}

function ofNotice(notice: ChannelNotice): ChannelNews[] {
  const joined = named(notice.xwa2_notify_newsletter_on_join);
  const left = named(notice.xwa2_notify_newsletter_on_leave);
  const changed = named(notice.xwa2_notify_newsletter_on_metadata_update);
  const moved = named(notice.xwa2_notify_newsletter_on_state_change);
  const muted = named(notice.xwa2_notify_newsletter_on_mute_change);
  return [
    ...(joined ? [followed(joined)] : []),
    ...(left ? [{ jid: left.id, type: 'channel.unfollowed' as const, data: { chat: left.id } }] : []),
    ...(changed ? [updated(changed.id, descriptionOf(changed))] : []),
    ...(moved ? [stateOf(moved)] : []),
    ...(muted ? [updated(muted.id, { isMuted: muted.mute?.toUpperCase() === 'ON' })] : []),
  ];
}

/** The part of a notice, when it names a channel. */
function named<T extends ChannelData>(told: T | null | undefined): (T & { id: string }) | undefined {
  return told?.id !== undefined && CHANNEL.test(told.id) ? (told as T & { id: string }) : undefined;
}

const updated = (jid: string, data: Updated): ChannelNews => ({
  jid,
  type: 'channel.updated',
  data: { chat: jid, ...data },
});

function followed(told: ChannelData & { id: string }): ChannelNews {
  const { id, name, description, role, isMuted } = readChannel(told);
  return { jid: id, type: 'channel.followed', data: { chat: id, name, description, role, isMuted } };
}

/** What stands in the notice: it need not describe the whole channel. */
function descriptionOf(told: ChannelData & { id: string }): Updated {
  const { name, description, pictureUrl, state } = readChannel(told);
  const thread = told.thread_metadata;
  return {
    ...(thread?.name && { name }),
    ...(thread?.description && { description }),
    ...(thread && ('picture' in thread || 'preview' in thread) && { pictureUrl }),
    ...(told.state && { state }),
  };
}

function stateOf(told: ChannelData & { id: string }): ChannelNews {
  const { id, state } = readChannel(told);
  return state === 'deleted' ? { jid: id, type: 'channel.deleted', data: { chat: id } } : updated(id, { state });
}

function ofSettings({ jid, settings }: SettingsUpdate): ChannelNews[] {
  const id = jidNormalizedUser(jid);
  const { name, description } = settings ?? {};
  const data: Updated = {
    ...(typeof name === 'string' && { name }),
    ...(typeof description === 'string' && { description }),
  };
  return CHANNEL.test(id) && Object.keys(data).length > 0 ? [updated(id, data)] : [];
}
