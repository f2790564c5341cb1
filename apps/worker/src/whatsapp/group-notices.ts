import type { GroupFacts, ParticipantFact } from '@wa-gate/contracts';
import type { BinaryNode } from './baileys.ts';
import {
  actorOfNotification,
  groupJidOf,
  memberOfNode,
  type NodeNames,
  namesOfNode,
  readGroupNode,
} from './group-nodes.ts';
import { childOf, childrenOf, textOf } from './nodes.ts';

type Settings = Pick<
  GroupFacts,
  | 'subject'
  | 'description'
  | 'onlyAdminsSend'
  | 'onlyAdminsEdit'
  | 'onlyAdminsAdd'
  | 'joinApproval'
  | 'disappearingSeconds'
>;

/** What has changed of a group itself. */
export interface GroupChanges extends Partial<Settings> {
  picture?: 'set' | 'removed';
  community?: string | null;
}

export type ParticipantsAction = 'add' | 'remove' | 'leave' | 'promote' | 'demote' | 'modify';

export type GroupChange =
  | { kind: 'described'; facts: GroupFacts }
  | { kind: 'deleted' }
  | { kind: 'updated'; changes: GroupChanges; descriptionId?: string }
  | { kind: 'participants'; action: ParticipantsAction; participants: ParticipantFact[] }
  | { kind: 'request'; state: 'asked' | 'withdrawn' | 'rejected'; method: string | null; people: NodeNames[] }
  | { kind: 'invite'; code: string | null }
  /** Something that is not known here: the group is to be read again. */
  | { kind: 'unknown' };

/** What WhatsApp tells of a group that the account is in. */
export interface GroupNotice {
  /** WhatsApp's id: the same when it tells it again. */
  id: string;
  jid: string;
  /** Seconds since 1970. */
  at: number;
  actor?: NodeNames;
  change: GroupChange;
}

/**
 * Reads a notification of a group. Baileys tells only the first of several changes that come while it buffers, and not
 * who has made them.
 */
export function readGroupNotices(node: BinaryNode): GroupNotice[] {
  const { type, from = '', id = '', t } = node.attrs;
  if (!from.endsWith('@g.us') || (type !== 'w:gp2' && type !== 'picture')) return [];
  const actor = type === 'picture' ? actorOfPicture(node) : actorOfNotification(node);
  return childrenOf(node).map((child, at) => ({
    id: at === 0 ? id : `${id}/${at}`,
    jid: from,
    at: Number(t ?? 0) || Math.floor(Date.now() / 1_000),
    ...(actor && { actor }),
    change: type === 'picture' ? pictureChange(child) : changeOf(child, actor),
  }));
}

function actorOfPicture(node: BinaryNode): NodeNames | undefined {
  const author = childrenOf(node)[0]?.attrs.author;
  return author ? actorOfNotification({ tag: '', attrs: { participant: author } }) : undefined;
}

function pictureChange({ tag }: BinaryNode): GroupChange {
  if (tag === 'set') return { kind: 'updated', changes: { picture: 'set' } };
  return tag === 'delete' ? { kind: 'updated', changes: { picture: 'removed' } } : { kind: 'unknown' };
}

const PARTICIPANT_TAGS: ReadonlySet<string> = new Set(['add', 'remove', 'leave', 'promote', 'demote', 'modify']);

const SWITCHES: Readonly<Record<string, GroupChanges>> = {
  announcement: { onlyAdminsSend: true },
  not_announcement: { onlyAdminsSend: false },
  locked: { onlyAdminsEdit: true },
  unlocked: { onlyAdminsEdit: false },
  not_ephemeral: { disappearingSeconds: 0 },
};

function changeOf(node: BinaryNode, actor: NodeNames | undefined): GroupChange {
  const { tag, attrs } = node;
  const switched = SWITCHES[tag];
  if (switched) return { kind: 'updated', changes: switched };
  if (PARTICIPANT_TAGS.has(tag)) return participantsChange(node, actor);
  switch (tag) {
    case 'create': {
      const facts = readGroupNode(childOf(node, 'group'));
      return facts ? { kind: 'described', facts } : { kind: 'unknown' };
    }
    case 'delete':
      return { kind: 'deleted' };
    case 'subject':
      return { kind: 'updated', changes: { subject: attrs.subject ?? '' } };
    case 'description': {
      const description = attrs.delete === 'true' ? null : textOf(childOf(node, 'body')) || null;
      return { kind: 'updated', changes: { description }, ...(attrs.id && { descriptionId: attrs.id }) };
    }
    case 'ephemeral':
      return { kind: 'updated', changes: { disappearingSeconds: Number(attrs.expiration ?? 0) || 0 } };
    case 'member_add_mode':
      return { kind: 'updated', changes: { onlyAdminsAdd: textOf(node) === 'admin_add' } };
    case 'membership_approval_mode':
      return { kind: 'updated', changes: { joinApproval: childOf(node, 'group_join')?.attrs.state === 'on' } };
    case 'link':
    case 'unlink':
      return linkChange(node);
    case 'invite':
      return { kind: 'invite', code: attrs.code ?? null };
    case 'created_membership_requests':
      return request(node, 'asked', actor);
    case 'revoked_membership_requests':
      return request(node, undefined, actor);
    default:
      return { kind: 'unknown' };
  }
}

function participantsChange(node: BinaryNode, actor: NodeNames | undefined): GroupChange {
  const participants = childrenOf(node).flatMap((child) => memberOfNode(child) ?? []);
  const [only] = participants;
  // Who removes itself has left.
  const hasLeft = node.tag === 'remove' && participants.length === 1 && actor && isSamePerson(only!, actor);
  return { kind: 'participants', action: hasLeft ? 'leave' : (node.tag as ParticipantsAction), participants };
}

function linkChange(node: BinaryNode): GroupChange {
  const type = node.attrs.link_type ?? node.attrs.unlink_type;
  const community = childOf(node, 'group')?.attrs.jid;
  if (type !== 'parent_group' || !community) return { kind: 'unknown' };
  return { kind: 'updated', changes: { community: node.tag === 'link' ? groupJidOf(community) : null } };
}

function request(node: BinaryNode, state: 'asked' | undefined, actor: NodeNames | undefined): GroupChange {
  const named = childrenOf(node).flatMap((child) => namesOfNode(child) ?? []);
  const people = named.length > 0 ? named : actor ? [actor] : [];
  const isOwn = actor !== undefined && people.every((person) => isSamePerson(person, actor));
  return {
    kind: 'request',
    state: state ?? (isOwn ? 'withdrawn' : 'rejected'),
    method: node.attrs.request_method ?? null,
    people,
  };
}

/** Whether two pairs of names share one. */
export function isSamePerson(one: NodeNames, other: NodeNames): boolean {
  const names = [other.jid, other.altJid];
  return names.includes(one.jid) || (one.altJid !== undefined && names.includes(one.altJid));
}
