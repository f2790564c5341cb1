import type { Account } from '../../accounts/account.ts';
import type { Group } from '../../accounts/group.ts';
import { isGroup, STATUS_JID } from '../../wire/jid.ts';
import { type BinaryNode, child, children, node, text } from '../../wire/node.ts';
import type { MemberAction } from '../group-actions.ts';
import { groupNode, participantNode } from '../group-nodes.ts';
import { answer, type IqRequest, refuseIq } from './answer.ts';

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
      const left = children(query, 'group');
      for (const { attrs } of left) {
        const group = context.groups.find(attrs.id ?? '');
        if (group) context.groupActions.leave(group, account);
      }
      answer(connection, iq, [node('leave', {}, left)]);
      return;
    }
    case 'invite':
      handleInvite(request, query.attrs.code ?? '');
      return;
    default:
      context.recorder.unknownStanza(`iq w:g2 ${query?.tag ?? ''}`);
      answer(connection, iq);
  }
}

function createGroup({ context, connection, iq, companion }: IqRequest, query: BinaryNode): void {
  const members = children(query, 'participant').flatMap(
    ({ attrs }) => context.directory.resolve(attrs.jid)?.account ?? [],
  );
  const { subject = '', key } = query.attrs;
  const group = context.groupActions.create(companion.account, subject, members, context.options.groupAddressing, {
    key,
  });
  answer(connection, iq, [groupNode(context, group)]);
}

/** `get` shows the group of an invite, `set` joins it. */
function handleInvite({ context, connection, iq, companion }: IqRequest, code: string): void {
  const group = context.groups.byInvite(code);
  if (!group) {
    refuseIq(connection, iq, 406, 'not-acceptable');
    return;
  }
  if (iq.attrs.type === 'set') {
    context.groupActions.join(group, companion.account);
    answer(connection, iq, [node('group', { jid: group.jid })]);
    return;
  }
  answer(connection, iq, [groupNode(context, group)]);
}

function handleOne(request: IqRequest, group: Group, account: Account): void {
  const { context, connection, iq, query } = request;
  const tag = query?.tag ?? '';
  if (iq.attrs.type === 'get') {
    handleRead(request, group);
    return;
  }
  if (MEMBER_ACTIONS.has(tag)) {
    changeMembers(request, group, tag as MemberAction);
    return;
  }
  const changesData = tag !== 'invite' && tag !== 'accept' && tag !== 'revoke';
  if (changesData && group.locked && !group.isAdmin(account.number)) {
    refuseIq(connection, iq, 403, 'forbidden');
    return;
  }
  if (!applyChange(request, group, account, tag)) context.recorder.unknownStanza(`iq w:g2 ${tag}`);
  if (tag === 'invite') answer(connection, iq, [node('invite', { code: group.inviteCode })]);
  else answer(connection, iq);
}

function handleRead({ context, connection, iq, query }: IqRequest, group: Group): void {
  switch (query?.tag) {
    case 'query':
      answer(connection, iq, [groupNode(context, group)]);
      return;
    case 'invite':
      answer(connection, iq, [node('invite', { code: group.inviteCode })]);
      return;
    case 'membership_approval_requests':
      answer(connection, iq, [node('membership_approval_requests', {}, [])]);
      return;
    default:
      context.recorder.unknownStanza(`iq w:g2 ${query?.tag ?? ''}`);
      answer(connection, iq);
  }
}

function changeMembers(
  { context, connection, iq, companion, query }: IqRequest,
  group: Group,
  action: MemberAction,
): void {
  const named = children(query, 'participant').map(({ attrs: { jid = '' } }) => jid);
  const targets = named.map((jid) => context.directory.resolve(jid)?.account ?? null);
  const results = context.groupActions.changeMembers(group, companion.account, action, targets);
  const participants = results.map(({ account, error }, i) =>
    account && error === null
      ? participantNode(group, account)
      : node('participant', { jid: named[i], error: error ?? undefined }),
  );
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
      groupActions.configure(group, account, { joinApproval: child(query, 'group_join')?.attrs.state === 'on' });
      return true;
    case 'invite':
      groupActions.renewInvite(group, account);
      return true;
    default:
      return false;
  }
}
