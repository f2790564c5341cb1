import type { Account } from '../accounts/account.ts';
import type { Channel, ChannelPost } from '../accounts/channel.ts';
import { unixSeconds } from '../clock.ts';
import { S_WHATSAPP_NET } from '../wire/jid.ts';
import { type BinaryNode, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import { newStanzaId } from './stanza-id.ts';

export interface ChannelChange {
  name?: string;
  description?: string;
  /** A JPEG as base64; null: none. */
  picture?: string | null;
}

/** A post as its sender hands it in. */
export interface NewPost {
  id: string;
  type: string;
  mediatype: string | null;
  plaintext: Buffer;
}

/** What accounts do with channels, and what their devices and the followers are told. */
export class ChannelActions {
  private readonly context: ServerBase;

  constructor(context: ServerBase) {
    this.context = context;
  }

  create(owner: Account, { name, description = '', picture = null }: ChannelChange & { name: string }): Channel {
    const channel = this.context.channels.create(owner.number, { name, description, picture });
    this.tell(owner, 'NotificationNewsletterJoin', {
      xwa2_notify_newsletter_on_join: this.viewOf(channel, owner),
    });
    return channel;
  }

  update(channel: Channel, change: ChannelChange): void {
    if (change.name !== undefined) channel.name = change.name;
    if (change.description !== undefined) channel.description = change.description;
    if (change.picture !== undefined) channel.picture = change.picture;
    this.context.channels.save(channel);
    this.tellAll(channel, 'NotificationNewsletterUpdate', (account) => ({
      xwa2_notify_newsletter_on_metadata_update: this.viewOf(channel, account),
    }));
  }

  remove(channel: Channel): void {
    this.tellAll(channel, 'NotificationNewsletterStateChange', () => ({
      xwa2_notify_newsletter_on_state_change: { id: channel.jid, state: { type: 'DELETED' } },
    }));
    this.context.channels.remove(channel);
  }

  follow(channel: Channel, account: Account): void {
    if (channel.roles.has(account.number)) return;
    channel.roles.set(account.number, 'subscriber');
    this.context.channels.save(channel);
    this.tell(account, 'NotificationNewsletterJoin', {
      xwa2_notify_newsletter_on_join: this.viewOf(channel, account),
    });
  }

  /** @returns false for an owner, who cannot leave */
  unfollow(channel: Channel, account: Account): boolean {
    if (channel.roles.get(account.number) === 'owner') return false;
    if (!channel.roles.delete(account.number)) return true;
    this.context.channels.save(channel);
    this.tell(account, 'NotificationNewsletterLeave', {
      xwa2_notify_newsletter_on_leave: { id: channel.jid, viewer_metadata: { role: 'GUEST' } },
    });
    return true;
  }

  mute(channel: Channel, account: Account, isMuted: boolean): void {
    if (isMuted) channel.muted.add(account.number);
    else channel.muted.delete(account.number);
    this.context.channels.save(channel);
    this.tell(account, 'NotificationNewsletterMuteChange', {
      xwa2_notify_newsletter_on_mute_change: { id: channel.jid, mute: isMuted ? 'ON' : 'OFF' },
    });
  }

  /**
   * Posts, and delivers to the companions of all who follow, also of the author: to those as their own, without the
   * sender.
   */
  post(channel: Channel, author: Account, given: NewPost, sender?: number): ChannelPost {
    const known = channel.posts.find(({ id, by }) => id === given.id && by === author.number);
    if (known) return known; // the same id again: its sender has not seen the acknowledgement
    const post: ChannelPost = {
      serverId: (channel.posts.at(-1)?.serverId ?? 100) + 1,
      id: given.id,
      by: author.number,
      type: given.type,
      mediatype: given.mediatype,
      t: unixSeconds(),
      plaintext: given.plaintext.toString('base64'),
      isEdited: false,
      views: 0,
      reactions: {},
    };
    channel.posts.push(post);
    this.context.channels.save(channel);
    this.deliver(channel, post, { author, ...(sender !== undefined && { except: sender }) });
    return post;
  }

  /** Edits a post, or deletes it (`plaintext` null). */
  change(channel: Channel, post: ChannelPost, plaintext: Buffer | null): void {
    post.plaintext = plaintext?.toString('base64') ?? null;
    post.isEdited = plaintext !== null;
    this.context.channels.save(channel);
  }

  react(channel: Channel, post: ChannelPost, account: Account, emoji: string | null): void {
    if (emoji === null) delete post.reactions[account.number];
    else post.reactions[account.number] = emoji;
    this.context.channels.save(channel);
  }

  /** The channel as WhatsApp's GraphQL answers show it to an account. */
  viewOf(channel: Channel, viewer: Account) {
    const role = channel.roles.get(viewer.number) ?? 'guest';
    const picture = channel.picture === null ? null : { id: '1', type: 'IMAGE', direct_path: `/v/${channel.id}.jpg` };
    const text = (value: string) => ({ id: '1', text: value, update_time: `${channel.createdAt}000000` });
    return {
      id: channel.jid,
      state: { type: 'ACTIVE' },
      thread_metadata: {
        creation_time: String(channel.createdAt),
        description: text(channel.description),
        handle: null,
        invite: channel.inviteCode,
        name: text(channel.name),
        picture: picture ?? { id: '0', type: 'IMAGE', direct_path: '' },
        preview: picture && { ...picture, type: 'PREVIEW' },
        settings: { reaction_codes: { value: 'ALL' } },
        subscribers_count: String(channel.followers),
        verification: 'UNVERIFIED',
      },
      viewer_metadata: { mute: channel.muted.has(viewer.number) ? 'ON' : 'OFF', role: role.toUpperCase() },
    };
  }

  private deliver(channel: Channel, post: ChannelPost, from: { author: Account; except?: number }): void {
    for (const account of this.peopleOf(channel)) {
      const isOwn = account === from.author;
      for (const companion of account.companions.values()) {
        if (isOwn && companion.id === from.except) continue;
        this.context.delivery.deliver(companion, postStanza(channel, post, isOwn));
      }
    }
  }

  private peopleOf(channel: Channel): Account[] {
    return [...channel.roles.keys()].flatMap((number) => this.context.directory.find(number) ?? []);
  }

  private tellAll(channel: Channel, operation: string, dataFor: (account: Account) => object): void {
    for (const account of this.peopleOf(channel)) this.tell(account, operation, dataFor(account));
  }

  private tell(account: Account, operation: string, data: object): void {
    for (const companion of account.companions.values()) {
      const update = node('update', { op_name: operation }, Buffer.from(JSON.stringify({ data })));
      const attrs = { id: newStanzaId(), from: S_WHATSAPP_NET, type: 'mex', t: String(unixSeconds()) };
      this.context.delivery.deliver(companion, node('notification', attrs, [update]));
    }
  }
}

/** A post as the devices of those who follow get it. */
function postStanza(channel: Channel, post: ChannelPost, isOwn: boolean): BinaryNode {
  const attrs = {
    from: channel.jid,
    id: post.id,
    server_id: String(post.serverId),
    type: post.type,
    t: String(post.t),
    is_sender: isOwn ? 'true' : undefined,
  };
  return node('message', attrs, [plaintextNode(post)]);
}

/** The content of a post; of a deleted one it is empty. */
export const plaintextNode = ({ plaintext, mediatype }: ChannelPost): BinaryNode =>
  node('plaintext', { mediatype: mediatype ?? undefined }, Buffer.from(plaintext ?? '', 'base64'));
