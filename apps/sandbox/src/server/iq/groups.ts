import type { Account } from '../../accounts/account.ts';
import type { Group } from '../../accounts/group.ts';
import { isGroup, STATUS_JID } from '../../wire/jid.ts';
import { type BinaryNode, child, children, node, text } from '../../wire/node.ts';
import { type GroupActions, type MemberAction, type MemberResult, NEEDS_APPROVAL } from '../group-actions.ts';
import { groupNode, participantNode, personNode } from '../group-nodes.ts';
import { answer, type IqRequest, refuseIq, refuseUnknown, wordOf } from './answer.ts';

/** Changes by admins alone, and those by every member while the group is not locked. */
const OF_ADMINS: ReadonlySet<string> = new Set([
  'announcement',
  'not_announcement',
  'locked',
  'unlocked',
  'member_add_mode',
  'membership_approval_mode',
  'membership_requests_action',
  'invite',
  'revoke',
  'links',
  'unlink',
]);
const OF_ALL: ReadonlySet<string> = new Set(['subject', 'description', 'ephemeral', 'not_ephemeral']);
const MEMBER_ACTIONS: ReadonlySet<string> = new Set(['add', 'remove', 'promote', 'demote']);

/** Namespace `w:g2`: addressed to `@g.us` (all groups) or to one group. */
export function handleGroupIq(request: IqRequest): void {
  const { context, connection, iq, companion } = request;
  const { to = '' } = iq.attrs;
  if (!isGroup(to) || to === STATUS_JID || to.startsWith('@')) {
    handleGeneral(request);
    return;
  }
  const group = context.groups.find(to);
  if (!group) refuseIq(connection, iq, 404, 'item-not-found');
  else if (request.query?.tag === 'accept') acceptInvitation(request, group, request.query);
  else if (!group.members.has(companion.account.number)) refuseIq(connection, iq, 403, 'forbidden');
  else handleOne(request, group, companion.account);
}

function handleGeneral(request: IqRequest): void {
  const { context, connection, iq, companion, query } = request;
  const { account } = companion;
  switch (query?.tag) {
    case 'create':
      createGroup(request, query);
      return;
    case 'participating': {
      const groups = context.groups.of(account.number).map((group) => groupNode(context, group));
      answer(connection, iq, [node('groups', {}, groups)]);
      return;
    }
    case 'leave': {
      const left = children(query, 'group').map(({ attrs: { id = '' } }) => {
        const group = context.groups.find(id);
        if (!group?.members.has(account.number)) return node('group', { id, error: '404' });
        context.groupActions.leave(group, account);
        return node('group', { id });
      });
      answer(connection, iq, [node('leave', {}, left)]);
      return;
    }
    case 'invite':
      handleInvite(request, query.attrs.code ?? '');
      return;
    default:
      refuseUnknown(request);
  }
}

/** Who cannot be added stands in the answer with an error, beside those who were. */
function createGroup({ context, connection, iq, companion }: IqRequest, query: BinaryNode): void {
  const { subject = '', key } = query.attrs;
  const { groupActions, options } = context;
  if (child(query, 'parent')) {
    const description = text(child(child(query, 'description'), 'body')) || null;
    const community = groupActions.createCommunity(companion.account, subject, description, options.groupAddressing);
    answer(connection, iq, [groupNode(context, community)]);
    return;
  }
  const asked = children(query, 'participant').map(({ attrs: { jid = '' } }) => ({
    jid,
    account: context.directory.resolve(jid)?.account,
  }));
  const willing = asked.flatMap(({ account }) => (account?.privacy.groupadd === 'all' ? [account] : []));
  const group = groupActions.create(companion.account, subject, willing, options.groupAddressing, { key });
  const refused = asked.flatMap(({ jid, account }) => {
    if (!account) return [node('participant', { jid, error: '404' })];
    const refused = { error: '403' };
    return willing.includes(account) ? [] : [refusedNode(groupActions, group, companion.account, account, refused)];
  });
  const described = groupNode(context, group);
  answer(connection, iq, [{ ...described, content: [...(described.content as BinaryNode[]), ...refused] }]);
}

/** Who is private about groups comes with an invitation to send, who has to be approved with the request. */
function refusedNode(
  actions: GroupActions,
  group: Group,
  by: Account,
  account: Account,
  { error, hasAsked }: Pick<MemberResult, 'error' | 'hasAsked'>,
): BinaryNode {
  const refused = personNode('participant', group, account, { error: error ?? '' });
  if (error === NEEDS_APPROVAL)
    return { ...refused, content: [node('membership_approval_request', hasAsked ? { error: '304' } : {})] };
  if (error !== '403' || account.privacy.groupadd === 'all') return { ...refused, content: [] };
  const { code, expiresAt } = actions.invite(group, by, account);
  return { ...refused, content: [node('add_request', { code, expiration: String(expiresAt) })] };
}

/** Somebody accepts the invitation that was sent as a message. */
function acceptInvitation({ context, connection, iq, companion }: IqRequest, group: Group, query: BinaryNode): void {
  const { code = '', expiration, admin = '' } = query.attrs;
  const by = context.directory.resolve(admin)?.account;
  const accepted = context.groupActions.accept(group, companion.account, { code, by, expiresAt: Number(expiration) });
  if (typeof accepted === 'string') refuseIq(connection, iq, Number(accepted), wordOf(Number(accepted)));
  else if (accepted.isMember) answer(connection, iq);
  else answer(connection, iq, [node('membership_approval_request', { jid: group.jid })]);
}

/** `get` shows the group of an invite, `set` joins it. */
function handleInvite({ context, connection, iq, companion }: IqRequest, code: string): void {
  const group = context.groups.byInvite(code);
  if (!group) {
    if (context.groups.hadInvite(code)) refuseIq(connection, iq, 410, 'gone');
    else refuseIq(connection, iq, 406, 'not-acceptable');
    return;
  }
  if (iq.attrs.type === 'set') {
    const hasJoined = context.groupActions.join(group, companion.account);
    answer(connection, iq, [node(hasJoined ? 'group' : 'membership_approval_request', { jid: group.jid })]);
    return;
  }
  answer(connection, iq, [groupNode(context, group)]);
}

function handleOne(request: IqRequest, group: Group, account: Account): void {
  const { connection, iq, query } = request;
  const tag = query?.tag ?? '';
  if (iq.attrs.type === 'get') {
    handleRead(request, group, account);
    return;
  }
  if (MEMBER_ACTIONS.has(tag)) {
    changeMembers(request, group, tag as MemberAction);
    return;
  }
  const needsAdmin = OF_ADMINS.has(tag) || (group.locked && OF_ALL.has(tag));
  if (needsAdmin && !group.isAdmin(account.number)) {
    refuseIq(connection, iq, 401, 'not-authorized');
    return;
  }
  if (tag === 'membership_requests_action') {
    decideRequests(request, group);
    return;
  }
  if (tag === 'revoke') {
    revokeInvitations(request, group);
    return;
  }
  if (tag === 'links' || tag === 'unlink') {
    linkGroups(request, group, tag);
    return;
  }
  if (tag === 'description' && (group.description?.id ?? '') !== (query?.attrs.prev ?? '')) {
    refuseIq(connection, iq, 409, 'conflict');
    return;
  }
  if (!applyChange(request, group, account, tag)) refuseUnknown(request);
  else if (tag === 'invite') answer(connection, iq, [node('invite', { code: group.inviteCode })]);
  else answer(connection, iq);
}

function handleRead(request: IqRequest, group: Group, account: Account): void {
  const { context, connection, iq, query } = request;
  const isAdmin = group.isAdmin(account.number);
  switch (query?.tag) {
    case 'query':
      answer(connection, iq, [groupNode(context, group)]);
      return;
    case 'invite':
      if (!isAdmin && group.memberAddMode !== 'all_member_add') refuseIq(connection, iq, 401, 'not-authorized');
      else answer(connection, iq, [node('invite', { code: group.inviteCode })]);
      return;
    case 'membership_approval_requests':
      if (!isAdmin) refuseIq(connection, iq, 401, 'not-authorized');
      else answer(connection, iq, [node('membership_approval_requests', {}, requestNodes(context, group))]);
      return;
    case 'sub_groups':
      answer(connection, iq, [node('sub_groups', {}, subGroupNodes(context, group))]);
      return;
    default:
      refuseUnknown(request);
  }
}

const requestNodes = ({ directory }: IqRequest['context'], group: Group): BinaryNode[] =>
  [...group.requests].flatMap(([number, { at, method }]) => {
    const account = directory.find(number);
    const attrs = { request_time: String(at), request_method: method };
    return account ? [personNode('membership_approval_request', group, account, attrs)] : [];
  });

const subGroupNodes = ({ groups }: IqRequest['context'], community: Group): BinaryNode[] =>
  groups
    .linkedTo(community)
    .map(({ id, subject, subjectAt, members, isAnnouncements }) =>
      node(
        'group',
        { id, subject, s_t: String(subjectAt), size: String(members.size) },
        isAnnouncements ? [node('default_sub_group')] : [],
      ),
    );

function revokeInvitations({ context, connection, iq, query }: IqRequest, group: Group): void {
  const named = children(query, 'participant').map(({ attrs: { jid = '' } }) => jid);
  const targets = named.map((jid) => context.directory.resolve(jid)?.account ?? null);
  const results = context.groupActions.revokeInvitations(group, targets);
  const participants = results.map(({ account, error }, i) =>
    account
      ? personNode('participant', group, account, error === null ? {} : { error })
      : node('participant', { jid: named[i], error: error ?? undefined }),
  );
  answer(connection, iq, [node('revoke', {}, participants)]);
}

function decideRequests({ context, connection, iq, companion, query }: IqRequest, group: Group): void {
  const decision = children(query)[0];
  const action = decision?.tag === 'approve' ? 'approve' : 'reject';
  const named = children(decision, 'participant').map(({ attrs: { jid = '' } }) => jid);
  const targets = named.map((jid) => context.directory.resolve(jid)?.account ?? null);
  const results = context.groupActions.decide(group, companion.account, action, targets);
  const participants = results.map(({ account, error }, i) =>
    account
      ? personNode('participant', group, account, error === null ? {} : { error })
      : node('participant', { jid: named[i], error: error ?? undefined }),
  );
  answer(connection, iq, [node('membership_requests_action', {}, [node(action, {}, participants)])]);
}

/** Groups into a community, or out of it. Each has its own result. */
function linkGroups({ context, connection, iq, companion, query }: IqRequest, community: Group, tag: string): void {
  if (!community.isCommunity) {
    refuseIq(connection, iq, 406, 'not-acceptable');
    return;
  }
  const links = tag === 'links';
  const named = links ? children(query, 'link').flatMap((link) => children(link, 'group')) : children(query, 'group');
  const answers = named.map(({ attrs: { jid = '' } }) => {
    const group = context.groups.find(jid);
    const { groupActions } = context;
    const { account } = companion;
    const error = links ? groupActions.link(community, account, group) : groupActions.unlink(community, account, group);
    return node('group', { jid, error: error ?? undefined });
  });
  const content = links ? [node('link', { link_type: 'sub_group' }, answers)] : answers;
  answer(connection, iq, [node(tag, {}, content)]);
}

function changeMembers(
  { context, connection, iq, companion, query }: IqRequest,
  group: Group,
  action: MemberAction,
): void {
  const named = children(query, 'participant').map(({ attrs: { jid = '' } }) => jid);
  const targets = named.map((jid) => context.directory.resolve(jid)?.account ?? null);
  const mayAdd = action === 'add' && group.memberAddMode === 'all_member_add';
  if (!mayAdd && !group.isAdmin(companion.account.number)) {
    refuseIq(connection, iq, 403, 'forbidden');
    return;
  }
  const results = context.groupActions.changeMembers(group, companion.account, action, targets);
  const participants = results.map(({ account, ...result }, i) => {
    if (!account) return node('participant', { jid: named[i], error: result.error ?? undefined });
    if (result.error === null) return participantNode(group, account);
    return refusedNode(context.groupActions, group, companion.account, account, result);
  });
  answer(connection, iq, [node(action, {}, participants)]);
}

/** @returns false for a change that the sandbox does not support */
function applyChange({ context, query }: IqRequest, group: Group, account: Account, tag: string): boolean {
  const { groupActions } = context;
  switch (tag) {
    case 'subject':
      groupActions.setSubject(group, account, text(query) ?? '');
      return true;
    case 'description':
      groupActions.setDescription(group, account, text(child(query, 'body')) ?? null, query?.attrs.id);
      return true;
    case 'announcement':
    case 'not_announcement':
      groupActions.configure(group, account, { announce: tag === 'announcement' });
      return true;
    case 'locked':
    case 'unlocked':
      groupActions.configure(group, account, { locked: tag === 'locked' });
      return true;
    case 'ephemeral':
      groupActions.configure(group, account, { ephemeralSeconds: Number(query?.attrs.expiration ?? 0) });
      return true;
    case 'not_ephemeral':
      groupActions.configure(group, account, { ephemeralSeconds: 0 });
      return true;
    case 'member_add_mode':
      groupActions.configure(group, account, { memberAddMode: text(query) ?? 'all_member_add' });
      return true;
    case 'membership_approval_mode':
      groupActions.configure(group, account, {
        joinApproval: (child(query, 'group_join') ?? child(query, 'community_join'))?.attrs.state === 'on',
      });
      return true;
    case 'invite':
      groupActions.renewInvite(group, account);
      return true;
    default:
      return false;
  }
}
