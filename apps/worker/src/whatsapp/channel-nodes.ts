import { CHANNEL_ROLES, CHANNEL_STATES, type Channel, type ChannelPost } from '@wa-gate/contracts';
import { readContent, unwrap } from '../content/read-content.ts';
import { type BinaryNode, proto } from './baileys.ts';
import { QueryRefusedError } from './errors.ts';
import { childOf, childrenOf } from './nodes.ts';

/** A channel as WhatsApp's GraphQL answers have it. Numbers are texts there; all of it may be absent. */
export interface ChannelData {
  id?: string;
  state?: { type?: string } | null;
  thread_metadata?: {
    name?: { text?: string } | null;
    description?: { text?: string } | null;
    invite?: string | null;
    subscribers_count?: string | number | null;
    verification?: string | null;
    creation_time?: string | number | null;
    picture?: { direct_path?: string | null } | null;
    preview?: { direct_path?: string | null } | null;
  } | null;
  viewer_metadata?: { role?: string | null; mute?: string | null } | null;
}

const LINK = 'https://whatsapp.com/channel/';
/** Where files that are not encrypted are read. */
const FILES = 'https://pps.whatsapp.net';

/** WhatsApp calls those who follow subscribers. */
const ROLES: Readonly<Record<string, Channel['role']>> = { subscriber: 'follower' };

const oneOf = <T extends string>(known: readonly T[], value: string, otherwise: T): T =>
  known.find((each) => each === value) ?? otherwise;

const wholeNumber = (value: string | number | null | undefined): number => {
  const number = Number(value ?? 0);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
};

const secondsToTime = (seconds: number): string | null =>
  seconds > 0 ? new Date(seconds * 1_000).toISOString() : null;

/** @throws {QueryRefusedError} the answer has another form, or none: there is no such channel */
export function readChannel(answer: unknown): Channel {
  const { id, state, thread_metadata: thread, viewer_metadata: viewer } = (answer ?? {}) as ChannelData;
  if (!id) throw new QueryRefusedError(404, 'WhatsApp has no such channel.');
  const role = (viewer?.role ?? 'guest').toLowerCase();
  const path = thread?.picture?.direct_path ?? thread?.preview?.direct_path;
  const inviteCode = thread?.invite ?? null;
  return {
    id,
    name: thread?.name?.text ?? '',
    description: thread?.description?.text ?? '',
    inviteCode,
    inviteLink: inviteCode === null ? null : `${LINK}${inviteCode}`,
    followers: wholeNumber(thread?.subscribers_count),
    isVerified: thread?.verification?.toUpperCase() === 'VERIFIED',
    pictureUrl: path ? `${FILES}${path}` : null,
    state: oneOf(CHANNEL_STATES, (state?.type ?? 'active').toLowerCase(), 'active'),
    role: oneOf(CHANNEL_ROLES, ROLES[role] ?? role, 'guest'),
    isMuted: viewer?.mute?.toUpperCase() === 'ON',
    createdAt: secondsToTime(wholeNumber(thread?.creation_time)),
  };
}

/** What has no id is no channel, and left out. */
export const readChannels = (answer: unknown): Channel[] =>
  (Array.isArray(answer) ? answer : []).filter((each) => Boolean((each as ChannelData | null)?.id)).map(readChannel);

/** The posts in `<messages>`, the newest first. */
export const readPosts = (messages: BinaryNode | undefined): ChannelPost[] =>
  childrenOf(messages)
    .filter(({ tag, attrs }) => tag === 'message' && attrs.server_id !== undefined)
    .map(readPost)
    .sort((a, b) => Number(b.serverId) - Number(a.serverId));

function readPost(post: BinaryNode): ChannelPost {
  const { id, server_id: serverId = '', t, is_sender: isSender } = post.attrs;
  const content = contentOf(childOf(post, 'plaintext'));
  return {
    serverId,
    waMessageId: id ?? null,
    type: content?.type ?? 'unknown',
    text: content?.text ?? captionOf(content?.content),
    fromMe: isSender === 'true',
    postedAt: secondsToTime(wholeNumber(t)),
    views: wholeNumber(childOf(post, 'views_count')?.attrs.count),
    reactions: childrenOf(childOf(post, 'reactions'))
      .filter(({ attrs }) => Boolean(attrs.code))
      .map(({ attrs }) => ({ emoji: attrs.code!, count: wholeNumber(attrs.count) })),
  };
}

const captionOf = (content: Record<string, unknown> | undefined): string | null =>
  typeof content?.caption === 'string' ? content.caption : null;

/** `null`: a post that was deleted, or one in a form that is newer than this protobuf. */
function contentOf(plaintext: BinaryNode | undefined) {
  if (!(plaintext?.content instanceof Uint8Array)) return null;
  try {
    return readContent(unwrap(proto.Message.decode(plaintext.content)));
  } catch {
    return null;
  }
}
