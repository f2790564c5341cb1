import type { Account } from '../accounts/account.ts';
import type { Group } from '../accounts/group.ts';
import { type BinaryNode, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';

/** The node of a group for its members. */
export function groupNode(context: Pick<ServerBase, 'directory' | 'groups'>, group: Group): BinaryNode {
  const { addressing } = group;
  const creator = context.directory.find(group.creator);
  const subjectOwner = context.directory.find(group.subjectBy);
  const lid = addressing === 'lid';
  const members = context.groups.membersOf(group);
  const settings: BinaryNode[] = [];
  if (group.description) settings.push(descriptionNode(context, group));
  if (group.announce) settings.push(node('announcement'));
  if (group.locked) settings.push(node('locked'));
  if (group.ephemeralSeconds) settings.push(node('ephemeral', { expiration: String(group.ephemeralSeconds) }));
  if (group.joinApproval) settings.push(node('membership_approval_mode', {}, [node('group_join', { state: 'on' })]));
  if (group.isCommunity) settings.push(node('parent', { default_membership_approval_mode: 'request_required' }));
  if (group.isAnnouncements) settings.push(node('default_sub_group'));
  if (group.community) settings.push(node('linked_parent', { jid: `${group.community}@g.us` }));
  settings.push(node('member_add_mode', {}, Buffer.from(group.memberAddMode)));
  return node(
    'group',
    {
      id: group.id,
      subject: group.subject,
      s_t: String(group.subjectAt),
      s_o: subjectOwner?.deviceJid(0, addressing),
      s_o_pn: lid ? subjectOwner?.jid : undefined,
      creation: String(group.createdAt),
      creator: creator?.deviceJid(0, addressing),
      creator_pn: lid ? creator?.jid : undefined,
      addressing_mode: addressing,
      size: String(members.length),
    },
    [...members.map((member) => participantNode(group, member)), ...settings],
  );
}

/** A group that hides numbers has LIDs alone. */
function otherName(group: Group, account: Account): Record<string, string | undefined> {
  if (group.addressing === 'pn') return { lid: account.toldLidJid };
  return group.hidesNumbers ? {} : { phone_number: account.jid };
}

export function participantNode(group: Group, account: Account): BinaryNode {
  const role = group.members.get(account.number);
  return node('participant', {
    jid: account.deviceJid(0, group.addressing),
    ...otherName(group, account),
    type: role === 'admin' || role === 'superadmin' ? role : undefined,
  });
}

/** Somebody as a member of the group would be named, who need be none. */
export const personNode = (
  tag: string,
  group: Group,
  account: Account,
  attrs: Record<string, string> = {},
): BinaryNode => node(tag, { jid: account.deviceJid(0, group.addressing), ...otherName(group, account), ...attrs });

export function descriptionNode(context: Pick<ServerBase, 'directory' | 'groups'>, group: Group): BinaryNode {
  const { id, text, by, at } = group.description!;
  const author = context.directory.find(by);
  return node(
    'description',
    {
      id,
      participant: author?.deviceJid(0, group.addressing),
      participant_pn: group.addressing === 'lid' ? author?.jid : undefined,
      t: String(at),
    },
    [node('body', {}, Buffer.from(text))],
  );
}
