import type { Account } from '../accounts/account.ts';
import type { Addressing, Group, GroupPicture, Invitation } from '../accounts/group.ts';
import { unixSeconds } from '../clock.ts';
import { type BinaryNode, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import { descriptionNode, groupNode, participantNode, personNode } from './group-nodes.ts';
import { newStanzaId } from './stanza-id.ts';

export type MemberAction = 'add' | 'remove' | 'promote' | 'demote';

/** Result for one participant: null is success, else the protocol's error code. */
export interface MemberResult {
  account: Account | null;
  error: string | null;
  /** Of {@link NEEDS_APPROVAL}: there was a request already. */
  hasAsked?: boolean;
}

/** An admin has to approve who was added: they ask to join. */
export const NEEDS_APPROVAL = '421';

interface GroupSettings {
  announce?: boolean;
  locked?: boolean;
  ephemeralSeconds?: number;
  memberAddMode?: string;
  joinApproval?: boolean;
}

/** How somebody came to ask. */
const BY_LINK = 'invite_link';
const BY_MEMBER = 'non_admin_add';

/** Seconds for which a personal invitation counts. */
const INVITATION_SECONDS = 3 * 86_400;

/** The actions of members on a group, and their notifications. For companions (iq) and for the control API. */
export class GroupActions {
  private readonly context: ServerBase;

  constructor(context: ServerBase) {
    this.context = context;
  }

  create(
    creator: Account,
    subject: string,
    members: Account[],
    addressing: Addressing,
    { key, hidesNumbers }: { key?: string | undefined; hidesNumbers?: boolean } = {},
  ): Group {
    const group = this.context.groups.create(creator, subject, members, addressing, hidesNumbers);
    this.notify(group, creator, node('create', { type: 'new', key }, [groupNode(this.context, group)]));
    return group;
  }

  /** Changes members or admins. Rights are checked. A participant that cannot be changed gets a code. */
  changeMembers(
    group: Group,
    actor: Account,
    action: MemberAction,
    targets: (Account | null)[],
    isAsked = false,
  ): MemberResult[] {
    const before = this.context.groups.membersOf(group);
    const results = targets.map((account) => {
      const error = this.apply(group, actor, action, account, isAsked);
      return error === NEEDS_APPROVAL ? this.askFor(group, account!, error) : { account, error };
    });
    const changed = results.flatMap(({ account, error }) => (account && error === null ? [account] : []));
    const asking = results.flatMap(({ account, error, hasAsked }) =>
      account && error === NEEDS_APPROVAL && !hasAsked ? [account] : [],
    );
    this.context.groups.save(group);
    if (asking.length > 0) this.tellAdmins(group, actor, BY_MEMBER, asking);
    if (changed.length === 0) return results;
    const participants = changed.map((account) =>
      action === 'remove'
        ? node('participant', { jid: account.deviceJid(0, group.addressing) })
        : participantNode(group, account),
    );
    // New members get the whole group; all others, removed ones included, get the change.
    this.notify(group, actor, node(action, {}, participants), before);
    if (action === 'add') {
      this.notify(group, actor, node('create', { type: 'new' }, [groupNode(this.context, group)]), changed);
    }
    return results;
  }

  leave(group: Group, account: Account): void {
    const before = this.context.groups.membersOf(group);
    if (!group.members.delete(account.number)) return;
    if (group.members.size > 0 && ![...group.members.keys()].some((number) => group.isAdmin(number))) {
      group.members.set(group.members.keys().next().value!, 'admin'); // a group is never without an admin
    }
    this.context.groups.save(group);
    const participant = node('participant', { jid: account.deviceJid(0, group.addressing) });
    this.notify(group, account, node('remove', {}, [participant]), before);
  }

  /** Joins by the link. @returns whether the account is a member now; else an admin has to approve it */
  join(group: Group, account: Account): boolean {
    if (group.members.has(account.number)) return true;
    if (group.joinApproval) {
      group.requests.set(account.number, { at: unixSeconds(), method: BY_LINK });
      this.context.groups.save(group);
      this.tellAdmins(group, account, BY_LINK, [account]);
      return false;
    }
    this.changeMembers(group, account, 'add', [account]);
    return true;
  }

  /** Offers an invitation for somebody who cannot be added. It takes the place of the one before. */
  invite(group: Group, by: Account, account: Account, seconds = INVITATION_SECONDS): Invitation {
    const expiresAt = unixSeconds() + seconds;
    const invitation = { code: newStanzaId(), by: by.number, expiresAt, isRevoked: false };
    group.invitations.set(account.number, invitation);
    this.context.groups.save(group);
    return invitation;
  }

  /**
   * Somebody accepts an invitation. One of an admin needs no approval.
   *
   * @returns the protocol's error code, or whether the account is a member now
   */
  accept(
    group: Group,
    account: Account,
    given: { code: string; by: Account | undefined; expiresAt: number },
  ): string | { isMember: boolean } {
    if (group.members.has(account.number)) return '409';
    const invitation = group.invitations.get(account.number);
    const isGiven =
      invitation?.code === given.code && invitation.by === given.by?.number && invitation.expiresAt === given.expiresAt;
    if (!invitation || !isGiven) return '406';
    if (invitation.isRevoked || invitation.expiresAt <= unixSeconds()) return '410';
    group.invitations.delete(account.number);
    if (!group.isAdmin(invitation.by)) return { isMember: this.join(group, account) };
    this.changeMembers(group, account, 'add', [account]);
    return { isMember: true };
  }

  revokeInvitations(group: Group, targets: (Account | null)[]): MemberResult[] {
    const results = targets.map((account) => {
      const invitation = account && group.invitations.get(account.number);
      if (!invitation || invitation.isRevoked) return { account, error: '404' };
      invitation.isRevoked = true;
      return { account, error: null };
    });
    this.context.groups.save(group);
    return results;
  }

  /** An admin decides who joins. */
  decide(group: Group, actor: Account, action: 'approve' | 'reject', targets: (Account | null)[]): MemberResult[] {
    const results = targets.map((account) => {
      if (!account || !group.requests.delete(account.number)) return { account, error: '404' };
      return { account, error: null };
    });
    const decided = results.flatMap(({ account, error }) => (account && error === null ? [account] : []));
    this.context.groups.save(group);
    if (action === 'approve') this.changeMembers(group, actor, 'add', decided, true);
    else if (decided.length > 0) {
      const rejected = decided.map((account) => personNode('participant', group, account));
      this.notify(group, actor, node('revoked_membership_requests', {}, rejected), this.adminsOf(group));
    }
    return results;
  }

  setPicture(group: Group, actor: Account, picture: GroupPicture | null): void {
    group.picture = picture;
    this.context.groups.save(group);
    const author = actor.deviceJid(0, group.addressing);
    const what = picture
      ? node('set', { id: picture.id, jid: group.jid, author })
      : node('delete', { jid: group.jid, author });
    for (const account of this.context.groups.membersOf(group)) {
      for (const companion of account.companions.values()) {
        const attrs = { id: newStanzaId(), from: group.jid, type: 'picture', t: String(unixSeconds()) };
        this.context.delivery.deliver(companion, node('notification', attrs, [what]));
      }
    }
  }

  /** A community, with the group to which all of its members belong. */
  createCommunity(creator: Account, subject: string, description: string | null, addressing: Addressing): Group {
    const community = this.context.groups.create(creator, subject, [], addressing);
    community.isCommunity = true;
    if (description)
      community.description = { id: newStanzaId(), text: description, by: creator.number, at: unixSeconds() };
    const announcements = this.context.groups.create(creator, subject, [], addressing);
    announcements.isAnnouncements = true;
    announcements.announce = true;
    announcements.community = community.id;
    for (const group of [community, announcements]) {
      this.context.groups.save(group);
      this.notify(group, creator, node('create', { type: 'new' }, [groupNode(this.context, group)]));
    }
    return community;
  }

  /** @returns the protocol's error code, or null */
  link(community: Group, actor: Account, group: Group | undefined): string | null {
    if (!group) return '404';
    if (!group.isAdmin(actor.number)) return '403';
    if (group.community === community.id) return '409';
    if (group.community !== null || group.isCommunity) return '406';
    this.moveInto(group, actor, community);
    return null;
  }

  unlink(community: Group, actor: Account, group: Group | undefined): string | null {
    if (group?.community !== community.id) return '404';
    if (group.isAnnouncements) return '406';
    this.moveInto(group, actor, null);
    return null;
  }

  private moveInto(group: Group, actor: Account, community: Group | null): void {
    const of = community ?? this.context.groups.find(group.community ?? '');
    group.community = community?.id ?? null;
    this.context.groups.save(group);
    const named = node('group', { jid: of?.jid, subject: of?.subject });
    const tag = community ? 'link' : 'unlink';
    this.notify(group, actor, node(tag, { [`${tag}_type`]: 'parent_group' }, [named]));
  }

  private askFor(group: Group, account: Account, error: string): MemberResult {
    const hasAsked = group.requests.has(account.number);
    if (!hasAsked) group.requests.set(account.number, { at: unixSeconds(), method: BY_MEMBER });
    return { account, error, hasAsked };
  }

  /** @param actor who has made the requests: one of those who ask, or the member who has added them */
  private tellAdmins(group: Group, actor: Account, method: string, asking: readonly Account[]): void {
    const people = asking.map((account) => personNode('requested_user', group, account));
    const change = node('created_membership_requests', { request_method: method }, people);
    this.notify(group, actor, change, this.adminsOf(group));
  }

  private adminsOf(group: Group): Account[] {
    return this.context.groups.membersOf(group).filter(({ number }) => group.isAdmin(number));
  }

  setSubject(group: Group, actor: Account, subject: string): void {
    group.subject = subject;
    group.subjectBy = actor.number;
    group.subjectAt = unixSeconds();
    this.context.groups.save(group);
    const attrs = { subject, s_t: String(group.subjectAt), s_o: actor.deviceJid(0, group.addressing) };
    this.notify(group, actor, node('subject', attrs));
  }

  setDescription(group: Group, actor: Account, text: string | null, id = newStanzaId()): void {
    group.description = text === null || text === '' ? null : { id, text, by: actor.number, at: unixSeconds() };
    this.context.groups.save(group);
    this.notify(
      group,
      actor,
      group.description ? descriptionNode(this.context, group) : node('description', { id, delete: 'true' }),
    );
  }

  configure(group: Group, actor: Account, settings: GroupSettings): void {
    const { announce, locked, ephemeralSeconds, memberAddMode, joinApproval } = settings;
    const changes: BinaryNode[] = [];
    if (announce !== undefined) {
      group.announce = announce;
      changes.push(node(announce ? 'announcement' : 'not_announcement'));
    }
    if (locked !== undefined) {
      group.locked = locked;
      changes.push(node(locked ? 'locked' : 'unlocked'));
    }
    if (ephemeralSeconds !== undefined) {
      group.ephemeralSeconds = ephemeralSeconds;
      changes.push(
        ephemeralSeconds ? node('ephemeral', { expiration: String(ephemeralSeconds) }) : node('not_ephemeral'),
      );
    }
    if (memberAddMode !== undefined) {
      group.memberAddMode = memberAddMode;
      changes.push(node('member_add_mode', {}, Buffer.from(memberAddMode)));
    }
    if (joinApproval !== undefined) {
      group.joinApproval = joinApproval;
      const state = joinApproval ? 'on' : 'off';
      changes.push(node('membership_approval_mode', {}, [node('group_join', { state })]));
    }
    this.context.groups.save(group);
    for (const change of changes) this.notify(group, actor, change);
  }

  renewInvite(group: Group, actor: Account): string {
    const code = group.renewInvite();
    this.context.groups.save(group);
    this.notify(group, actor, node('invite', { code }));
    return code;
  }

  private apply(
    group: Group,
    actor: Account,
    action: MemberAction,
    account: Account | null,
    isAsked: boolean,
  ): string | null {
    if (!account) return '404';
    const { number } = account;
    const joinsByInvite = action === 'add' && account === actor;
    const mayAdd = group.memberAddMode === 'all_member_add' && group.members.has(actor.number);
    if (!joinsByInvite && !group.isAdmin(actor.number) && !(action === 'add' && mayAdd)) return '403';
    const role = group.members.get(number);
    if (action === 'add') {
      if (role) return '409';
      // Who is private about groups is invited instead. Who joins, or has asked to, has decided it.
      if (!joinsByInvite && !isAsked && account.privacy.groupadd !== 'all') return '403';
      if (group.joinApproval && !joinsByInvite && !group.isAdmin(actor.number)) return NEEDS_APPROVAL;
      group.requests.delete(number);
      group.members.set(number, 'member');
      return null;
    }
    if (!role) return '404';
    if (role === 'superadmin' && action !== 'promote') return '406';
    if (action === 'promote' && role !== 'member') return '409';
    if (action === 'demote' && role === 'member') return '409';
    if (action === 'remove') group.members.delete(number);
    else if (role !== 'superadmin') group.members.set(number, action === 'promote' ? 'admin' : 'member');
    return null;
  }

  /** Notifies all companions of these accounts, also those of the actor. */
  private notify(
    group: Group,
    actor: Account,
    change: BinaryNode,
    receivers = this.context.groups.membersOf(group),
  ): void {
    const lid = group.addressing === 'lid';
    const attrs = {
      from: group.jid,
      type: 'w:gp2',
      t: String(unixSeconds()),
      participant: actor.deviceJid(0, group.addressing),
      [lid ? 'participant_pn' : 'participant_lid']: lid ? actor.jid : actor.toldLidJid,
      addressing_mode: group.addressing,
      notify: actor.name,
    };
    for (const account of receivers) {
      for (const companion of account.companions.values()) {
        this.context.delivery.deliver(companion, node('notification', { id: newStanzaId(), ...attrs }, [change]));
      }
    }
  }
}
