import { randomInt } from 'node:crypto';
import { unixSeconds } from '../clock.ts';
import { channelNotFound } from '../errors.ts';
import type { Journal } from '../store/journal.ts';
import { CHANNEL_SERVER } from '../wire/jid.ts';

type ChannelRole = 'owner' | 'admin' | 'subscriber';

/** A post of a channel. It is not encrypted. */
export interface ChannelPost {
  /** Counts up in its channel. */
  serverId: number;
  /** The id that its sender has given. */
  id: string;
  /** Number of the account that has posted it. */
  by: string;
  /** `text`, `media`, `poll`. */
  type: string;
  mediatype: string | null;
  /** Unix seconds. */
  t: number;
  /** The protobuf as base64; null: deleted. */
  plaintext: string | null;
  isEdited: boolean;
  views: number;
  /** By number. */
  reactions: Record<string, string>;
}

interface StoredChannel {
  name: string;
  description: string;
  picture: string | null;
  createdAt: number;
  inviteCode: string;
  roles: [string, ChannelRole][];
  muted: string[];
  posts: ChannelPost[];
}

/** A channel ("newsletter" on the wire): few write, anybody may read. */
export class Channel {
  readonly id: string;
  readonly createdAt: number;
  readonly inviteCode: string;
  name: string;
  description: string;
  /** A JPEG as base64. */
  picture: string | null;
  /** Who owns, manages or follows it, by number. */
  readonly roles: Map<string, ChannelRole>;
  readonly muted: Set<string>;
  readonly posts: ChannelPost[];

  constructor(id: string, stored: Partial<StoredChannel> & Pick<StoredChannel, 'name'>) {
    this.id = id;
    this.name = stored.name;
    this.description = stored.description ?? '';
    this.picture = stored.picture ?? null;
    this.createdAt = stored.createdAt ?? unixSeconds();
    this.inviteCode = stored.inviteCode ?? newInviteCode();
    this.roles = new Map(stored.roles);
    this.muted = new Set(stored.muted);
    this.posts = stored.posts ?? [];
  }

  get jid(): string {
    return `${this.id}@${CHANNEL_SERVER}`;
  }

  /** Those who follow, without the owner and the admins. */
  get followers(): number {
    return [...this.roles.values()].filter((role) => role === 'subscriber').length;
  }

  mayPost(number: string): boolean {
    const role = this.roles.get(number);
    return role === 'owner' || role === 'admin';
  }

  toJSON(): StoredChannel {
    const { name, description, picture, createdAt, inviteCode, roles, muted, posts } = this;
    return { name, description, picture, createdAt, inviteCode, roles: [...roles], muted: [...muted], posts };
  }
}

/** All channels. */
export class Channels {
  private readonly byId = new Map<string, Channel>();
  private readonly journal: Journal;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  load(): void {
    for (const key of this.journal.keys('channel/')) {
      const stored = this.journal.read(key);
      if (!stored) continue;
      const id = key.slice('channel/'.length);
      this.byId.set(id, new Channel(id, JSON.parse(stored.toString('utf8')) as StoredChannel));
    }
  }

  create(owner: string, data: Pick<StoredChannel, 'name' | 'description' | 'picture'>): Channel {
    let id: string;
    do id = `1203634${String(randomInt(10 ** 11)).padStart(11, '0')}`;
    while (this.byId.has(id));
    const channel = new Channel(id, { ...data, roles: [[owner, 'owner']] });
    this.byId.set(id, channel);
    this.save(channel);
    return channel;
  }

  /** By id, with or without `@newsletter`. */
  find(id: string): Channel | undefined {
    return this.byId.get(id.split('@')[0]!);
  }

  get(id: string): Channel {
    const channel = this.find(id);
    if (!channel) throw channelNotFound(id);
    return channel;
  }

  byInvite(code: string): Channel | undefined {
    return this.all().find((channel) => channel.inviteCode === code);
  }

  all(): Channel[] {
    return [...this.byId.values()];
  }

  of(number: string): Channel[] {
    return this.all().filter((channel) => channel.roles.has(number));
  }

  remove(channel: Channel): void {
    this.byId.delete(channel.id);
    this.save(channel);
  }

  save(channel: Channel): void {
    this.journal.touch(`channel/${channel.id}`, () =>
      this.byId.get(channel.id) === channel ? Buffer.from(JSON.stringify(channel)) : null,
    );
  }

  clear(): void {
    for (const channel of this.all()) this.remove(channel);
  }
}

function newInviteCode(): string {
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
  return `0029Va${Array.from({ length: 18 }, () => alphabet[randomInt(alphabet.length)]).join('')}`;
}
