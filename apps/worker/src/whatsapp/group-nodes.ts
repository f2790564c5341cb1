import type { GroupFacts, GroupRole, ParticipantAnswer, ParticipantFact } from '@wa-gate/contracts';
import { type BinaryNode, isLidUser, isPnUser, jidNormalizedUser } from './baileys.ts';
import { childOf, childrenOf, textOf } from './nodes.ts';

/** The jid of a group that is given with or without its server. */
export const groupJidOf = (group: string): string => (group.includes('@') ? group : `${group}@g.us`);

/** Names of one person. */
export interface NodeNames {
  jid: string;
  altJid?: string;
}

/** The names in a node of a person: the jid of its addressing, and the other one where WhatsApp tells it. */
export function namesOfNode({ attrs }: BinaryNode): NodeNames | undefined {
  if (!attrs.jid) return undefined;
  const jid = jidNormalizedUser(attrs.jid);
  return withOther(jid, isLidUser(jid) ? attrs.phone_number : attrs.lid);
}

/** Who has caused a notification. */
export function actorOfNotification({ attrs }: BinaryNode): NodeNames | undefined {
  if (!attrs.participant) return undefined;
  const jid = jidNormalizedUser(attrs.participant);
  return withOther(jid, isLidUser(jid) ? attrs.participant_pn : attrs.participant_lid);
}

function withOther(jid: string, other: string | undefined): NodeNames {
  const altJid = other ? jidNormalizedUser(other) : undefined;
  const isOther = altJid && altJid !== jid && (isLidUser(altJid) || isPnUser(altJid));
  return isOther ? { jid, altJid } : { jid };
}

const roleOf = (type: string | undefined): GroupRole => (type === 'admin' || type === 'superadmin' ? type : 'member');

export function memberOfNode(node: BinaryNode): ParticipantFact | undefined {
  const names = namesOfNode(node);
  return names && { ...names, role: roleOf(node.attrs.type) };
}

/** Reads a node `<group>`. @returns `undefined` when it is none */
export function readGroupNode(group: BinaryNode | undefined): GroupFacts | undefined {
  if (group?.tag !== 'group' || !group.attrs.id) return undefined;
  const { id, subject = '', creation, creator, creator_pn, addressing_mode, size } = group.attrs;
  const description = childOf(group, 'description');
  const body = textOf(childOf(description, 'body'));
  const participants = childrenOf(group).flatMap((child) =>
    child.tag === 'participant' && !child.attrs.error ? (memberOfNode(child) ?? []) : [],
  );
  const community = childOf(group, 'linked_parent')?.attrs.jid;
  const joining = childOf(childOf(group, 'membership_approval_mode'), 'group_join');
  return {
    jid: groupJidOf(id),
    subject,
    description: body || null,
    ...(description?.attrs.id && { descriptionId: description.attrs.id }),
    ...(creator && { owner: withOther(jidNormalizedUser(creator), creator_pn) }),
    ...(creation && { createdAt: Number(creation) }),
    addressing: addressing_mode === 'lid' ? 'lid' : 'pn',
    onlyAdminsSend: childOf(group, 'announcement') !== undefined,
    onlyAdminsEdit: childOf(group, 'locked') !== undefined,
    onlyAdminsAdd: textOf(childOf(group, 'member_add_mode')) === 'admin_add',
    joinApproval: joining !== undefined && joining.attrs.state !== 'off',
    disappearingSeconds: Number(childOf(group, 'ephemeral')?.attrs.expiration ?? 0),
    ...(community && { community: groupJidOf(community) }),
    isCommunity: childOf(group, 'parent') !== undefined,
    isAnnouncements: childOf(group, 'default_sub_group') !== undefined,
    size: participants.length > 0 ? participants.length : Number(size ?? 0),
    participants,
  };
}

const OK = 200;

/**
 * The answers for the people who were asked for, in their order. WhatsApp names them in the addressing of the group, so
 * a person is found by either name; one that it names in no way is found by its place.
 */
export function readParticipantAnswers(asked: readonly string[], nodes: readonly BinaryNode[]): ParticipantAnswer[] {
  const answers = nodes.filter(({ tag }) => tag === 'participant');
  const byName = new Map<string, BinaryNode>();
  for (const answer of answers) {
    const { jid, altJid } = namesOfNode(answer) ?? {};
    for (const name of [jid, altJid]) if (name) byName.set(name, answer);
  }
  const isComplete = answers.length === asked.length;
  return asked.map((jid, at) => {
    const answer = byName.get(jid) ?? (isComplete ? answers[at] : undefined);
    // Who stands nowhere in the answer of a change was not changed.
    if (!answer) return { jid, code: 404 };
    return answerOf(jid, answer);
  });
}

function answerOf(asked: string, answer: BinaryNode): ParticipantAnswer {
  const { jid, altJid } = namesOfNode(answer) ?? { jid: asked };
  const other = [jid, altJid].find((name) => name !== undefined && name !== asked);
  const offer = childOf(answer, 'add_request');
  const expiresAt = Number(offer?.attrs.expiration);
  return {
    jid: asked,
    ...(other && { altJid: other }),
    code: answer.attrs.error ? Number(answer.attrs.error) || 500 : OK,
    ...(offer?.attrs.code && {
      invitation: { code: offer.attrs.code, ...(Number.isInteger(expiresAt) && expiresAt > 0 && { expiresAt }) },
    }),
  };
}
