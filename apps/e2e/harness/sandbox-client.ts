import { HttpClient } from './http.ts';

/** The address and roots of trust of a sandbox. */
export interface SandboxInfo {
  wsUrl: string;
  mediaHost: string;
  caPem: string;
  version: string;
}

export interface Phone {
  number: string;
  /** `<number>@s.whatsapp.net`. */
  jid: string;
  /** Digits. */
  lid: string;
  name: string;
}

/** What a phone keeps of its account and of others. */
export interface PhoneProfile extends Phone {
  about: string;
  pictureId: string | null;
  /** Values by category, in WhatsApp's words. */
  privacy: Record<string, string>;
  disappearingSeconds: number;
  /** Numbers. */
  blocked: string[];
  /** Names by number. */
  addressBook: Record<string, string>;
  business: Record<string, unknown> | null;
}

/** The fields of a linked companion that stay the same during the link. */
export interface PhoneDevice {
  id: number;
  jid: string;
  pairedAt: number;
  connected: boolean;
}

/** A message as a phone shows it: each id once; `wireCount` counts its copies. */
export interface PhoneChat {
  /** The number of the other side, or a group. */
  chat: string;
  isMarkedUnread: boolean;
  isArchived: boolean;
  isPinned: boolean;
  /** Milliseconds since 1970; -1: until it is unmuted. */
  mutedUntil: number | null;
  isDeleted: boolean;
  isCleared: boolean;
  /** Ids. */
  labels: string[];
}

export interface PhoneLabel {
  id: string;
  name: string;
  color: number;
  isDeleted: boolean;
  /** Ids of messages that have it. */
  messages: string[];
}

export interface PhoneMessage {
  id: string;
  /** Number of the sender. */
  from: string;
  fromMe: boolean;
  /** Number of the other side, or the jid of the group. */
  chat: string;
  type: string;
  text: string | null;
  /** The other fields of the type, such as coordinates. */
  details: Record<string, unknown>;
  /** What is shown of a file beside its bytes. */
  media: Record<string, unknown> | null;
  wireCount: number;
  /** Devices (`<number>:<device>`) that have confirmed it. */
  receipts: { delivered: string[]; read: string[]; played: string[] };
  /** What was done to it since it came. */
  changed: {
    text: string | null;
    isEdited: boolean;
    isDeleted: boolean;
    /** Deleted for the account of this phone alone. */
    isHidden: boolean;
    reactions: Record<string, string>;
    /** Seconds. */
    pinnedFor: number | null;
    isKept: boolean;
    isStarred: boolean;
  };
}

/** A group as its members' phones show it. Members are numbers. */
export interface GroupOnPhones {
  id: string;
  subject: string;
  description: string | null;
  owner: string;
  announce: boolean;
  locked: boolean;
  ephemeralSeconds: number;
  memberAddMode: string;
  joinApproval: boolean;
  inviteCode: string;
  /** Codes that were replaced. */
  formerCodes: string[];
  /** The id of its community. */
  community: string | null;
  hasPicture: boolean;
  /** Numbers that wait for an admin. */
  requests: string[];
  participants: { number: string; lid: string | null; role: string }[];
}

/** `"off"`: no receipts; else milliseconds from arrival to receipt. */
export type Receipts = { deliveredMs: number; readMs?: number } | 'off';

/** The counts of the recorder that must all be zero. */
export interface Misdeeds {
  keysReused: number;
  overlappingStreams: number;
  unreadMessages: number;
  violations: Record<string, number>;
}

/** The counts of the recorder; there are more than these. */
export interface RecorderSummary {
  streams: { live: number };
  keys: { reused: number };
  overlaps: { total: number; olderSent: number };
  undecryptable: { total: number; unrecovered: number };
  violations: { byRule: Record<string, number> };
  forgotten: Record<string, number>;
}

/** A channel as the sandbox has it. */
export interface SandboxChannel {
  /** `<digits>@newsletter`. */
  id: string;
  name: string;
  description: string;
  inviteCode: string;
  picture: string | null;
  /** By number: owner, admin or subscriber. */
  roles: Record<string, string>;
  muted: string[];
  posts: SandboxPost[];
}

interface SandboxPost {
  serverId: number;
  /** That of the message. */
  id: string;
  /** Number of the author. */
  by: string;
  type: string;
  /** The word for its file beside the content; `null`: it has none. */
  mediatype: string | null;
  text: string | null;
  isDeleted: boolean;
  isEdited: boolean;
  views: number;
  /** By number. */
  reactions: Record<string, string>;
}

/** One message id of one device on the wire: `up` from the device, `down` to it. */
export interface WireMessage {
  device: string;
  id: string;
  peer: string;
  wireCount: number;
  firstAt: number;
  lastAt: number;
  /** When a companion confirmed it; `null`: not confirmed. */
  ackedAt: number | null;
  ack: string | null;
}

/** One connection of a device. Times are milliseconds since 1970 by the clock of this machine. */
export interface WireStream {
  device: string | null;
  kind: 'pairing' | 'login' | 'refused';
  openedAt: number;
  closedAt: number | null;
  closedBy: string | null;
  messagesIn: number;
}

/** The part of the description of the control API with the kinds that phones can send. */
interface SendDescription {
  requestBody: {
    content: {
      'application/json': { schema: { oneOf: { properties: { type: { const?: string; enum?: string[] } } }[] } };
    };
  };
}

/** A client of the control API of the sandbox. */
export class SandboxClient {
  private readonly http: HttpClient;

  constructor(url: string) {
    this.http = new HttpClient(url);
  }

  info(): Promise<SandboxInfo> {
    return this.http.expectOk('/');
  }

  createPhone(phone: { number?: string; name?: string; aliases?: string[] } = {}): Promise<Phone> {
    return this.http.expectOk('/phones', { method: 'POST', json: phone });
  }

  updatePhone(
    number: string,
    settings: {
      receipts?: Receipts;
      autoReply?: string | null;
      online?: boolean;
      /** As base64. */
      picture?: string | null;
      business?: { verifiedName: string; description?: string; category?: string; websites?: string[] } | null;
      name?: string;
      about?: string;
      privacy?: Record<string, string>;
      /** WhatsApp tells nobody the LID of the number, as before it had one. */
      hidesLid?: boolean;
    },
  ): Promise<Phone> {
    return this.http.expectOk(`/phones/${number}`, { method: 'PATCH', json: settings });
  }

  profile(number: string): Promise<PhoneProfile> {
    return this.http.expectOk(`/phones/${number}`);
  }

  /** Blocks somebody on a phone, or unblocks. */
  async block(number: string, whom: string, isBlocked = true): Promise<void> {
    await this.http.expectOk(`/phones/${number}/block`, { method: 'POST', json: { number: whom, isBlocked } });
  }

  /** A phone calls. */
  call(from: string, to: string, options: { video?: boolean; ringMs?: number } = {}): Promise<{ id: string }> {
    return this.http.expectOk('/calls', { method: 'POST', json: { from, to, ...options } });
  }

  async actOnCall(id: string, action: 'accept' | 'reject' | 'hang-up'): Promise<void> {
    await this.http.expectOk(`/calls/${id}/actions`, { method: 'POST', json: { action } });
  }

  async callStatus(id: string): Promise<string> {
    return (await this.http.expectOk<{ status: string }>(`/calls/${id}`)).status;
  }

  /** Saves somebody in the address book of a phone. */
  async saveContact(number: string, chat: string, name: string): Promise<void> {
    await this.http.expectOk(`/phones/${number}/app-state`, {
      method: 'POST',
      json: { action: 'contact', chat, name },
    });
  }

  async setPresence(number: string, state: 'available' | 'unavailable' | 'composing', to?: string): Promise<void> {
    await this.http.expectOk(`/phones/${number}/presence`, { method: 'POST', json: { state, ...(to && { to }) } });
  }

  async scan(number: string, qr: string): Promise<void> {
    await this.http.expectOk(`/phones/${number}/scan`, { method: 'POST', json: { qr } });
  }

  async enterCode(number: string, code: string): Promise<void> {
    await this.http.expectOk(`/phones/${number}/enter-code`, { method: 'POST', json: { code } });
  }

  async devices(number: string): Promise<PhoneDevice[]> {
    const { devices } = await this.http.expectOk<{ devices: PhoneDevice[] }>(`/phones/${number}/devices`);
    return devices.map(({ id, jid, pairedAt, connected }) => ({ id, jid, pairedAt, connected }));
  }

  /** Stanzas that the account's companions have not acknowledged. */
  async waitingStanzas(number: string): Promise<number> {
    const { devices } = await this.http.expectOk<{ devices: { waiting: number }[] }>(`/phones/${number}/devices`);
    return devices.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Unlinks a device on the phone. */
  async removeDevice(number: string, device: number): Promise<void> {
    await this.http.expectOk(`/phones/${number}/devices/${device}`, { method: 'DELETE' });
  }

  /** @param message `to`, `type` and the fields of its kind, as the control API names them */
  send(number: string, message: { to: string; type: string; [field: string]: unknown }): Promise<{ id: string }> {
    return this.http.expectOk(`/phones/${number}/messages`, { method: 'POST', json: message });
  }

  /** Injects a fault, as in the table of the README of the sandbox. @returns the id to cancel it by */
  async addFault(fault: Record<string, unknown>): Promise<string> {
    return (await this.http.expectOk<{ id: string }>('/faults', { method: 'POST', json: fault })).id;
  }

  /** Whether a fault waits, or has not struck as often as it should. */
  async hasFault(id: string): Promise<boolean> {
    const { faults } = await this.http.expectOk<{ faults: { id: string }[] }>('/faults');
    return faults.some((fault) => fault.id === id);
  }

  /** Switches the spam detector on, with what differs from its assumptions, or off (`null`). */
  async detectSpam(assumptions: Record<string, number> | null): Promise<void> {
    const json = assumptions ? { on: true, assumptions } : { on: false };
    await this.http.expectOk('/spam-detector', { method: 'POST', json });
  }

  /** From now on clients of older versions are refused with 405; null: none is. */
  async takeClientsFrom(minimum: string | null): Promise<void> {
    await this.http.expectOk('/client-versions', { method: 'PUT', json: { minimum } });
  }

  async cancelFault(id: string): Promise<void> {
    await this.http.expectOk(`/faults/${id}`, { method: 'DELETE' });
  }

  sendText(number: string, to: string, text: string): Promise<{ id: string }> {
    return this.send(number, { to, type: 'text', text });
  }

  /** Gives a phone messages from before, which its companions get with its history alone. */
  async addPast(
    number: string,
    past: {
      chats: {
        chat: string;
        messages?: { text: string; at: number; id?: string; fromMe?: boolean; from?: string; image?: string }[];
        count?: number;
        stepSeconds?: number;
        newestAt?: number;
      }[];
      chunkMessages?: number;
      isDisordered?: boolean;
    },
  ): Promise<void> {
    await this.http.expectOk(`/phones/${number}/past`, { method: 'POST', json: past });
  }

  /** The file of a message, as the phone has fetched, checked and decrypted it. */
  async file(number: string, id: string): Promise<Buffer> {
    const answer = await fetch(`${this.http.url}/phones/${number}/messages/${id}/media`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok) throw new Error(`The phone answered ${answer.status}: ${bytes.toString()}`);
    return bytes;
  }

  /** The kinds of messages that phones can send, from the description of the control API. */
  async kinds(): Promise<string[]> {
    const { paths } = await this.http.expectOk<{ paths: Record<string, { post: SendDescription }> }>('/docs/json');
    const { schema } = paths['/phones/{number}/messages']!.post.requestBody.content['application/json'];
    return schema.oneOf.map(({ properties }) => properties.type.enum?.[0] ?? properties.type.const!);
  }

  /** Subscribes a phone to the presence of an account, as an open chat does. */
  async watchPresence(number: string, of: string): Promise<void> {
    await this.http.expectOk(`/phones/${number}/presence`, { method: 'POST', json: { state: 'subscribe', to: of } });
  }

  /** The last presences and typing states that the phone has received. */
  async seenPresence(number: string): Promise<{ from: string; state: string; at: number }[]> {
    return (
      await this.http.expectOk<{ seen: { from: string; state: string; at: number }[] }>(`/phones/${number}/presence`)
    ).seen;
  }

  async inbox(number: string): Promise<PhoneMessage[]> {
    return (await this.http.expectOk<{ messages: PhoneMessage[] }>(`/phones/${number}/messages?limit=10000`)).messages;
  }

  /** Chats that a device of the account has archived, pinned, muted, marked, cleared, deleted or labelled. */
  async chats(number: string): Promise<PhoneChat[]> {
    return (await this.http.expectOk<{ chats: PhoneChat[] }>(`/phones/${number}/chats`)).chats;
  }

  /** The labels of WhatsApp Business that the phone shows. */
  async labels(number: string): Promise<PhoneLabel[]> {
    return (await this.http.expectOk<{ labels: PhoneLabel[] }>(`/phones/${number}/labels`)).labels;
  }

  /** Changes a setting on the phone that its companions share, such as `{action: 'archive', chat}`. */
  async changeSetting(number: string, setting: Record<string, unknown>): Promise<void> {
    await this.http.expectOk(`/phones/${number}/app-state`, { method: 'POST', json: setting });
  }

  /** Sends receipts of a phone whose own receipts are off. */
  async sendReceipt(number: string, ids: string[], type: 'delivered' | 'read' | 'played'): Promise<void> {
    await this.http.expectOk(`/phones/${number}/receipts`, { method: 'POST', json: { ids, type } });
  }

  async changeGroup(id: string, change: Record<string, unknown>): Promise<void> {
    await this.http.expectOk(`/groups/${id}`, { method: 'PATCH', json: change });
  }

  createGroup(group: {
    owner: string;
    subject: string;
    participants: string[];
    addressing?: 'pn' | 'lid';
    hidesNumbers?: boolean;
  }): Promise<{ id: string }> {
    return this.http.expectOk('/groups', { method: 'POST', json: group });
  }

  async groups(): Promise<GroupOnPhones[]> {
    return (await this.http.expectOk<{ groups: GroupOnPhones[] }>('/groups')).groups;
  }

  group(id: string): Promise<GroupOnPhones> {
    return this.http.expectOk(`/groups/${id}`);
  }

  /** A phone uses the link of the group. */
  joinGroup(id: string, number: string): Promise<{ isMember: boolean }> {
    return this.http.expectOk(`/groups/${id}/join`, { method: 'POST', json: { number } });
  }

  /** WhatsApp offers a member, the creator by default, to invite a phone that cannot be added. */
  invite(
    id: string,
    person: { number: string; by?: string; seconds?: number },
  ): Promise<{ code: string; by: string; expiresAt: string }> {
    return this.http.expectOk(`/groups/${id}/invitations`, { method: 'POST', json: person });
  }

  /** A phone accepts its invitation. */
  acceptInvitation(id: string, number: string): Promise<{ isMember: boolean }> {
    return this.http.expectOk(`/groups/${id}/invitations/accept`, { method: 'POST', json: { number } });
  }

  async revokeInvitation(id: string, number: string): Promise<void> {
    await this.http.expectOk(`/groups/${id}/invitations/revoke`, { method: 'POST', json: { number } });
  }

  /** Its creator replaces the link of the group. */
  async revokeGroupInvite(id: string): Promise<void> {
    await this.http.expectOk(`/groups/${id}/invite/revoke`, { method: 'POST' });
  }

  /** A member of the group, its owner by default, adds or removes others. */
  changeParticipants(
    groupId: string,
    change: { action: 'add' | 'remove' | 'promote' | 'demote' | 'leave'; participants: string[]; by?: string },
  ): Promise<unknown> {
    return this.http.expectOk(`/groups/${groupId}/participants`, { method: 'POST', json: change });
  }

  /** The violations that the sandbox has recorded since its start, independently of the product. */
  createChannel(made: { owner: string; name: string; followers?: string[] }): Promise<SandboxChannel> {
    return this.http.expectOk('/channels', { method: 'POST', json: made });
  }

  async channels(): Promise<SandboxChannel[]> {
    return (await this.http.expectOk<{ channels: SandboxChannel[] }>('/channels')).channels;
  }

  channel(id: string): Promise<SandboxChannel> {
    return this.http.expectOk(`/channels/${id}`);
  }

  changeChannel(
    id: string,
    change: { name?: string; description?: string; follow?: string[]; unfollow?: string[] },
  ): Promise<SandboxChannel> {
    return this.http.expectOk(`/channels/${id}`, { method: 'PATCH', json: change });
  }

  /** By its owner, where nobody is named. */
  postToChannel(id: string, post: { by?: string; text: string; image?: string }): Promise<SandboxPost> {
    return this.http.expectOk(`/channels/${id}/posts`, { method: 'POST', json: post });
  }

  /** The file of a post, as those who follow get it. */
  fileOfPost(id: string, serverId: number): Promise<Buffer> {
    return this.http.expectOk(`/channels/${id}/posts/${serverId}/media`);
  }

  reactInChannel(id: string, serverId: number, reaction: { by: string; emoji?: string }): Promise<SandboxChannel> {
    return this.http.expectOk(`/channels/${id}/posts/${serverId}/reactions`, { method: 'POST', json: reaction });
  }

  async misdeeds(): Promise<Misdeeds> {
    const { keys, overlaps, undecryptable, violations } = await this.summary();
    return {
      keysReused: keys.reused,
      overlappingStreams: overlaps.total,
      unreadMessages: undecryptable.unrecovered,
      violations: violations.byRule,
    };
  }

  summary(): Promise<RecorderSummary> {
    return this.http.expectOk('/recorder/summary');
  }

  /** Companions that are logged in now. */
  async liveStreams(): Promise<number> {
    return (await this.summary()).streams.live;
  }

  async wireMessages(query: Record<string, string | number>): Promise<WireMessage[]> {
    const wanted = Object.entries({ limit: 100_000, ...query }).map(([key, value]) => `${key}=${value}`);
    return (await this.http.expectOk<{ messages: WireMessage[] }>(`/recorder/messages?${wanted.join('&')}`)).messages;
  }

  async wireStreams(): Promise<WireStream[]> {
    return (await this.http.expectOk<{ streams: WireStream[] }>('/recorder/logins?limit=100000')).streams;
  }

  /** Messages that phones could not decrypt at first. */
  async unreadable(): Promise<Record<string, unknown>[]> {
    const path = '/recorder/undecryptable?limit=50000';
    return (await this.http.expectOk<{ undecryptable: Record<string, unknown>[] }>(path)).undecryptable;
  }

  /** Message keys that were on two ciphertexts, or twice on the same one. */
  async keysUsedTwice(): Promise<Record<string, unknown>[]> {
    const path = '/recorder/keys?limit=10000';
    return (await this.http.expectOk<{ usedTwice: Record<string, unknown>[] }>(path)).usedTwice;
  }

  /** The full records of {@link misdeeds}, for the report of a failed test. */
  async evidence(): Promise<unknown[]> {
    const parts = ['logins', 'keys', 'undecryptable', 'violations'];
    return Promise.all(parts.map((part) => this.http.expectOk(`/recorder/${part}?limit=20`)));
  }

  close(): Promise<void> {
    return this.http.close();
  }
}
