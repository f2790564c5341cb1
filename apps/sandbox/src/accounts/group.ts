import { randomInt } from 'node:crypto';
import { unixSeconds } from '../clock.ts';
import { groupNotFound } from '../errors.ts';
import type { Journal } from '../store/journal.ts';
import { GROUP_SERVER, STATUS_JID } from '../wire/jid.ts';
import type { Account } from './account.ts';
import type { Directory } from './directory.ts';

type GroupRole = 'member' | 'admin' | 'superadmin';
export type Addressing = 'pn' | 'lid';

interface StoredGroup {
  subject: string;
  subjectBy: string;
  subjectAt: number;
  creator: string;
  createdAt: number;
  addressing: Addressing;
  hidesNumbers?: boolean;
  description: GroupDescription | null;
  announce: boolean;
  locked: boolean;
  ephemeralSeconds: number;
  memberAddMode: string;
  joinApproval: boolean;
  inviteCode: string;
  formerCodes?: string[];
  members: [string, GroupRole][];
  requests?: [string, JoinRequest][];
  invitations?: [string, Invitation][];
  picture?: GroupPicture | null;
  isCommunity?: boolean;
  isAnnouncements?: boolean;
  community?: string | null;
}

/** Somebody waits for an admin. */
interface JoinRequest {
  at: number;
  method: string;
}

/** What one person was offered who cannot be added. */
export interface Invitation {
  code: string;
  /** The number of the inviter. */
  by: string;
  /** Seconds since 1970. */
  expiresAt: number;
  isRevoked: boolean;
}

export interface GroupPicture {
  id: string;
  path: string;
}

interface GroupDescription {
  id: string;
  text: string;
  by: string;
  at: number;
}

/** A group chat. Members are account numbers. The addressing mode of the group decides their form on the wire. */
export class Group {
  readonly id: string;
  readonly creator: string;
  readonly createdAt: number;
  readonly addressing: Addressing;
  /** Stanzas and metadata name members by their LID alone. */
  readonly hidesNumbers: boolean;
  readonly members = new Map<string, GroupRole>();
  subject: string;
  subjectBy: string;
  subjectAt: number;
  description: GroupDescription | null = null;
  /** Only admins may send. */
  announce = false;
  /** Only admins may change the group's data. */
  locked = false;
  ephemeralSeconds = 0;
  memberAddMode = 'all_member_add';
  joinApproval = false;
  inviteCode: string = newInviteCode();
  /** Codes that were replaced: whoever uses one is told so. */
  readonly formerCodes: string[] = [];
  readonly requests = new Map<string, JoinRequest>();
  /** The last invitation of each person, by number. */
  readonly invitations = new Map<string, Invitation>();
  picture: GroupPicture | null = null;
  /** It is a community: a group of groups. */
  isCommunity = false;
  /** All members of its community belong to it. */
  isAnnouncements = false;
  /** The id of the community that it belongs to. */
  community: string | null = null;

  constructor(id: string, stored: Pick<StoredGroup, 'subject' | 'creator' | 'addressing'> & Partial<StoredGroup>) {
    const now = unixSeconds();
    this.id = id;
    this.creator = stored.creator;
    this.createdAt = stored.createdAt ?? now;
    this.addressing = stored.addressing;
    this.hidesNumbers = stored.hidesNumbers ?? false;
    this.subject = stored.subject;
    this.subjectBy = stored.subjectBy ?? stored.creator;
    this.subjectAt = stored.subjectAt ?? now;
    this.description = stored.description ?? null;
    this.announce = stored.announce ?? false;
    this.locked = stored.locked ?? false;
    this.ephemeralSeconds = stored.ephemeralSeconds ?? 0;
    this.memberAddMode = stored.memberAddMode ?? this.memberAddMode;
    this.joinApproval = stored.joinApproval ?? false;
    this.inviteCode = stored.inviteCode ?? this.inviteCode;
    this.formerCodes.push(...(stored.formerCodes ?? []));
    this.picture = stored.picture ?? null;
    this.isCommunity = stored.isCommunity ?? false;
    this.isAnnouncements = stored.isAnnouncements ?? false;
    this.community = stored.community ?? null;
    for (const [number, role] of stored.members ?? []) this.members.set(number, role);
    for (const [number, asked] of stored.requests ?? []) this.requests.set(number, asked);
    for (const [number, invitation] of stored.invitations ?? []) this.invitations.set(number, invitation);
  }

  get jid(): string {
    return `${this.id}@${GROUP_SERVER}`;
  }

  isAdmin(number: string): boolean {
    const role = this.members.get(number);
    return role === 'admin' || role === 'superadmin';
  }

  renewInvite(): string {
    this.formerCodes.push(this.inviteCode);
    this.inviteCode = newInviteCode();
    return this.inviteCode;
  }

  toJSON(): StoredGroup {
    const { subject, subjectBy, subjectAt, creator, createdAt, addressing, hidesNumbers, description } = this;
    const { announce, locked } = this;
    const { ephemeralSeconds, memberAddMode, joinApproval, inviteCode, formerCodes } = this;
    const { picture, isCommunity, isAnnouncements, community } = this;
    return {
      subject,
      subjectBy,
      subjectAt,
      creator,
      createdAt,
      addressing,
      hidesNumbers,
      description,
      announce,
      locked,
      ephemeralSeconds,
      memberAddMode,
      joinApproval,
      inviteCode,
      formerCodes,
      members: [...this.members],
      requests: [...this.requests],
      invitations: [...this.invitations],
      picture,
      isCommunity,
      isAnnouncements,
      community,
    };
  }
}

/** Has whoever is asked for, and lists nobody. */
class Anybody extends Map<string, GroupRole> {
  override has(): boolean {
    return true;
  }
}

/** The status of everybody: the sender of an update names the devices that get it. */
class StatusChat extends Group {
  override readonly members = new Anybody();

  constructor() {
    super('status', { subject: '', creator: '', addressing: 'lid' });
  }

  override get jid(): string {
    return STATUS_JID;
  }
}

/** All groups. */
export class Groups {
  private readonly byId = new Map<string, Group>();
  private readonly status = new StatusChat();
  private readonly journal: Journal;
  private readonly directory: Directory;

  constructor(journal: Journal, directory: Directory) {
    this.journal = journal;
    this.directory = directory;
  }

  load(): void {
    for (const key of this.journal.keys('group/')) {
      const stored = this.journal.read(key);
      if (!stored) continue;
      const id = key.slice('group/'.length);
      this.byId.set(id, new Group(id, JSON.parse(stored.toString('utf8')) as StoredGroup));
    }
  }

  create(creator: Account, subject: string, members: Account[], addressing: Addressing, hidesNumbers = false): Group {
    let id: string;
    do id = `120363${String(randomInt(10 ** 12)).padStart(12, '0')}`;
    while (this.byId.has(id));
    const group = new Group(id, { subject, creator: creator.number, addressing, hidesNumbers });
    group.members.set(creator.number, 'superadmin');
    for (const { number } of members) if (!group.members.has(number)) group.members.set(number, 'member');
    this.byId.set(id, group);
    this.save(group);
    return group;
  }

  /** By id, with or without `@g.us`. */
  find(id: string): Group | undefined {
    if (id === STATUS_JID) return this.status;
    return this.byId.get(id.split('@')[0]!);
  }

  get(id: string): Group {
    const group = this.find(id);
    if (!group) throw groupNotFound(id);
    return group;
  }

  byInvite(code: string): Group | undefined {
    return [...this.byId.values()].find((group) => group.inviteCode === code);
  }

  /** The code led to a group before it was replaced. */
  hadInvite(code: string): boolean {
    return [...this.byId.values()].some(({ formerCodes }) => formerCodes.includes(code));
  }

  /** The groups of a community. */
  linkedTo(community: Group): Group[] {
    return [...this.byId.values()].filter((group) => group.community === community.id);
  }

  of(number: string): Group[] {
    return [...this.byId.values()].filter((group) => group.members.has(number));
  }

  all(): Group[] {
    return [...this.byId.values()];
  }

  /** The accounts of the members. Numbers of deleted phones are left out. */
  membersOf(group: Group): Account[] {
    return [...group.members.keys()].flatMap((number) => this.directory.find(number) ?? []);
  }

  save(group: Group): void {
    this.journal.touch(`group/${group.id}`, () =>
      this.byId.get(group.id) === group ? Buffer.from(JSON.stringify(group)) : null,
    );
  }

  clear(): void {
    const groups = this.all();
    this.byId.clear();
    for (const group of groups) this.save(group);
  }
}

function newInviteCode(): string {
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
  return Array.from({ length: 22 }, () => alphabet[randomInt(alphabet.length)]).join('');
}
