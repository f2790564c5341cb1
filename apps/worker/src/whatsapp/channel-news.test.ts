import { expect, it } from 'vitest';
import { readChannelNews } from './channel-news.ts';

const CHANNEL = '120363401234567890@newsletter';
const notice = (content: unknown, tag = 'update') => ({
  tag: 'notification',
  attrs: { id: 'n1', from: 's.whatsapp.net', type: 'mex' },
  content: [{ tag, attrs: {}, content: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)) }],
});
const told = (data: object) => readChannelNews(notice({ data }));
const news = (type: string, data: object) => [
  { jid: CHANNEL, type, data: { chat: CHANNEL, ...data }, notice: `n1 ${CHANNEL}` },
];

it('a channel that the account follows, or has made, is told with its role', () => {
  const viewer_metadata = { role: 'SUBSCRIBER', mute: 'OFF' };
  const thread_metadata = { name: { text: 'Offers' }, description: { text: 'New' } };
  expect(told({ xwa2_notify_newsletter_on_join: { id: CHANNEL, thread_metadata, viewer_metadata } })).toEqual(
    news('channel.followed', { name: 'Offers', description: 'New', role: 'follower', isMuted: false }),
  );
});

it.each([
  ['xwa2_notify_newsletter_on_leave', {}, 'channel.unfollowed', {}],
  ['xwa2_notify_newsletter_on_state_change', { state: { type: 'DELETED' } }, 'channel.deleted', {}],
  [
    'xwa2_notify_newsletter_on_state_change',
    { state: { type: 'SUSPENDED' } },
    'channel.updated',
    { state: 'suspended' },
  ],
  ['xwa2_notify_newsletter_on_mute_change', { mute: 'ON' }, 'channel.updated', { isMuted: true }],
  [
    'xwa2_notify_newsletter_on_metadata_update',
    { thread_metadata: { name: { text: 'Others' }, picture: null, preview: null } },
    'channel.updated',
    { name: 'Others', pictureUrl: null },
  ],
])('%s %j is %s %j: it has what stands in the notice, and no more', (member, fields, type, data) => {
  expect(told({ [member]: { id: CHANNEL, ...fields } })).toEqual(news(type, data));
});

it('the older form names a channel and its settings', () => {
  const updates = [
    { jid: CHANNEL, settings: { name: 'Others' } },
    { jid: CHANNEL, settings: {} },
  ];
  expect(readChannelNews(notice({ operation: 'NotificationNewsletterUpdate', updates }, 'mex'))).toEqual(
    news('channel.updated', { name: 'Others' }),
  );
});

it.each([
  ['another notice', { data: { xwa2_notify_account_reachout_timelock: { is_active: true } } }],
  ['no channel', { data: { xwa2_notify_newsletter_on_leave: { id: '1@g.us' } } }],
  ['nothing', { data: null }],
  ['no object', '7'],
  ['no JSON', '{'],
])('%s is no news', (_what, content) => {
  expect(readChannelNews(notice(content))).toEqual([]);
});
