import type { ConnectionOperationName } from '@wa-gate/contracts';
import type { PairedSession, Tenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import type { System } from '../harness/system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { PIXEL } from './proofs/people.ts';
import { said } from './proofs/said.ts';

/** What of WhatsApp answers an operation: a namespace of queries, or the acknowledgement of a stanza. */
type Answerer =
  | 'blocklist'
  | 'newsletter'
  | 'privacy'
  | 'status'
  | 'usync'
  | 'w:biz'
  | 'w:g2'
  | 'w:mex'
  | 'w:profile:picture'
  | 'w:sync:app:state'
  | 'ack of a message'
  | 'ack of a call';

/** A call that WhatsApp refuses. */
export interface RefusedCall {
  by: Answerer;
  /** The parameters of the path, after the session. */
  params?: Record<string, string>;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  /** What the answer has where these codes are no refusals of the call. */
  success?: { codes: readonly number[]; data: object };
}

/** Why WhatsApp cannot refuse an operation. */
type NotRefused = string;

/** What the calls are about. All of it is the session's own. */
export interface RefusalWorld {
  group: string;
  channel: string;
  /** Of a post of the channel. */
  post: { serverId: string; waMessageId: string };
  messageId: string;
  label: string;
  call: string;
  /** A number in the form of the API. */
  friend: string;
}

/** Prepares a session, without a query to WhatsApp. */
export async function refusalWorld(world: {
  system: System;
  tenant: Tenant;
  session: PairedSession;
  friend: Phone;
}): Promise<RefusalWorld> {
  const { system, session, friend } = world;
  const { sandbox } = system;
  const { number } = session.phone;
  const label = '100';
  const { id: channel } = await sandbox.createChannel({ owner: number, name: 'Offers', followers: [friend.number] });
  const [{ id: group }, post, { messageId }, { id: call }] = await Promise.all([
    sandbox.createGroup({ owner: number, subject: 'A group', participants: [friend.number] }),
    sandbox.postToChannel(channel, { text: 'Two for one.' }),
    said(world, 'to be acted on'),
    sandbox.call(friend.number, number, { ringMs: 600_000 }),
    sandbox.changeSetting(number, { action: 'label', label, name: 'A label', color: 7 }),
  ]);
  const path = `/api/sessions/${session.sessionId}`;
  await waitFor(
    async () => {
      const { labels } = await session.api.data<{ labels: { labelId: string }[] }>(`${path}/labels`);
      const { calls } = await session.api.data<{ calls: { callId: string }[] }>(`${path}/calls`);
      return labels.some(({ labelId }) => labelId === label) && calls.some(({ callId }) => callId === call);
    },
    { what: 'the label and the call to be known' },
  );
  const { serverId, id: waMessageId } = post;
  return {
    group,
    channel,
    post: { serverId: String(serverId), waMessageId },
    messageId,
    label,
    call,
    friend: `+${friend.number}`,
  };
}

/** Codes of WhatsApp's refusals. */
export const REFUSING_CODES = [403, 404, 409, 429] as const;

const NO_ANSWER: NotRefused = 'WhatsApp answers nothing to it';

/** A call of each operation. Does not compile while one is missing. */
export function refusedCalls(world: RefusalWorld): Record<ConnectionOperationName, RefusedCall | NotRefused> {
  const { group, channel, post, messageId, label, call, friend } = world;
  const people = { participants: [friend] };
  const picture = { media: { base64: PIXEL } };
  const ofGroup = (more: Omit<RefusedCall, 'by' | 'params'> = {}): RefusedCall => ({
    by: 'w:g2',
    params: { group },
    ...more,
  });
  const setting = (more: Omit<RefusedCall, 'by'>): RefusedCall => ({ by: 'w:sync:app:state', ...more });
  const person = { query: { contact: friend } };
  const aboutPerson = { body: { contact: friend } };
  const ofChat = { chat: friend };
  const ofMessages = { messageIds: [messageId] };
  const ofChannel = { channel };
  return {
    'groups.list': {
      by: 'w:g2',
      query: { maxAgeSeconds: '0' },
      // What was known before, which says so.
      success: { codes: REFUSING_CODES, data: { isStale: true } },
    },
    'groups.get': ofGroup({ query: { maxAgeSeconds: '0' } }),
    'groups.create': { by: 'w:g2', body: { subject: 'Orders', ...people } },
    'groups.update': ofGroup({ body: { subject: 'Renamed' } }),
    'groups.leave': ofGroup(),
    'groups.addParticipants': ofGroup({ body: people }),
    'groups.removeParticipants': ofGroup({ body: people }),
    'groups.promoteParticipants': ofGroup({ body: people }),
    'groups.demoteParticipants': ofGroup({ body: people }),
    'groups.picture': {
      by: 'w:profile:picture',
      params: { group },
      success: { codes: [404], data: { pictureUrl: null } },
    },
    'groups.setPicture': { by: 'w:profile:picture', params: { group }, body: picture },
    'groups.removePicture': { by: 'w:profile:picture', params: { group } },
    'groups.inviteCode': ofGroup(),
    'groups.revokeInvite': ofGroup(),
    'groups.inviteInfo': { by: 'w:g2', params: { code: 'GZ3kq0bW9sH2mXy7TnVdLa' } },
    'groups.join': { by: 'w:g2', params: { code: 'GZ3kq0bW9sH2mXy7TnVdLa' } },
    'groups.acceptInvitation': ofGroup({
      body: { inviter: friend, code: 'Ab3-dE_f9', expiresAt: '2036-01-18T10:30:00.000Z' },
    }),
    'groups.revokeInvitations': ofGroup({ body: people }),
    'groups.joinRequests': ofGroup(),
    'groups.approveJoinRequests': ofGroup({ body: people }),
    'groups.rejectJoinRequests': ofGroup({ body: people }),
    'communities.create': { by: 'w:g2', body: { subject: 'A community' } },
    'communities.groups': { by: 'w:g2', params: { community: group } },
    'communities.link': { by: 'w:g2', params: { community: group, group } },
    'communities.unlink': { by: 'w:g2', params: { community: group, group } },

    'chats.markRead': setting({ body: ofChat }),
    'chats.markUnread': setting({ body: ofChat }),
    'chats.update': setting({ params: ofChat, body: { isArchived: true } }),
    'chats.clear': setting({ params: ofChat, body: {} }),
    'chats.delete': setting({ params: ofChat }),
    'chats.fetchHistory': 'the phone answers it, and not WhatsApp',
    'chats.sync': setting({ body: { isComplete: false } }),
    'messages.markRead': { by: 'privacy', body: ofMessages },
    'messages.markPlayed': NO_ANSWER,
    'messages.star': setting({ body: { ...ofMessages, isStarred: true } }),
    'messages.deleteForMe': setting({ body: ofMessages }),
    'labels.create': setting({ body: { name: 'Another label' } }),
    'labels.update': setting({ params: { label }, body: { name: 'Renamed' } }),
    'labels.delete': setting({ params: { label } }),
    'labels.assignChat': setting({ params: { label, chat: friend } }),
    'labels.unassignChat': setting({ params: { label, chat: friend } }),
    'labels.assignMessage': setting({ params: { label, messageId } }),
    'labels.unassignMessage': setting({ params: { label, messageId } }),

    'contacts.check': { by: 'usync', query: { numbers: '+15550009998', maxAgeSeconds: '0' } },
    'contacts.profile': {
      by: 'w:profile:picture',
      query: { contact: friend, maxAgeSeconds: '0' },
      success: { codes: [404], data: { pictureUrl: null, business: null } },
    },
    'contacts.about': { by: 'usync', ...person },
    'contacts.picture': {
      by: 'w:profile:picture',
      ...person,
      // It has none, or hides it from the account.
      success: { codes: [403, 404], data: { url: null } },
    },
    'contacts.saveName': setting({ body: { contact: friend, name: 'Ann' } }),
    'contacts.lid': { by: 'usync', query: { phoneNumber: '+15550009999' } },
    'blocklist.get': { by: 'blocklist' },
    'blocklist.block': { by: 'blocklist', ...aboutPerson },
    'blocklist.unblock': { by: 'blocklist', ...aboutPerson },
    'calls.reject': { by: 'ack of a call', params: { call }, body: {} },
    'presence.subscribe': NO_ANSWER,
    'presence.get': NO_ANSWER,
    'presence.set': NO_ANSWER,
    'privacy.get': { by: 'privacy' },
    'privacy.set': { by: 'privacy', body: { lastSeen: 'nobody' } },
    'profile.get': { by: 'usync' },
    'profile.setName': setting({ body: { name: 'A new name' } }),
    'profile.setAbout': { by: 'status', body: { about: 'Closed' } },
    'profile.setPicture': { by: 'w:profile:picture', body: picture },
    'profile.removePicture': { by: 'w:profile:picture' },
    'profile.setBusiness': { by: 'w:biz', body: { description: 'Flowers' } },

    'channels.list': { by: 'w:mex' },
    'channels.create': { by: 'w:mex', body: { name: 'More offers' } },
    'channels.search': { by: 'w:mex', query: { text: 'offers' } },
    'channels.get': { by: 'w:mex', params: ofChannel },
    'channels.update': { by: 'w:mex', params: ofChannel, body: { name: 'Renamed' } },
    'channels.delete': { by: 'w:mex', params: ofChannel },
    'channels.follow': { by: 'w:mex', params: ofChannel },
    'channels.unfollow': { by: 'w:mex', params: ofChannel },
    'channels.mute': { by: 'w:mex', params: ofChannel, body: { isMuted: true } },
    'channels.posts': { by: 'newsletter', params: ofChannel },
    'channels.react': {
      by: 'ack of a message',
      params: { channel, serverId: post.serverId },
      body: { emoji: '👍' },
    },
    'channels.editPost': {
      by: 'ack of a message',
      params: { channel, waMessageId: post.waMessageId },
      body: { text: 'Three for one.' },
    },
    'channels.deletePost': { by: 'ack of a message', params: { channel, waMessageId: post.waMessageId } },
  };
}

/** The fault of the sandbox that refuses what this part of WhatsApp answers. */
export function refusalFault(by: Answerer): Record<string, unknown> {
  if (by === 'ack of a message') return { kind: 'nack' };
  if (by === 'ack of a call') return { kind: 'nack', stanza: 'call' };
  return { kind: 'iq-refused', xmlns: by };
}
