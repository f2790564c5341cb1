import { type BinaryNode, generateMessageIDV2, type WASocket } from '../baileys.ts';
import { RefusedByWhatsAppError } from '../errors.ts';
import { groupJidOf } from '../group-nodes.ts';
import { childrenOf, nodeOf } from '../nodes.ts';
import { askGroup, requiredChild } from './group-queries.ts';
import { read } from './groups.ts';
import type { Performers } from './operation-socket.ts';

export const communities: Performers<'communities'> = {
  async 'communities.create'({ sock }, { subject, description }) {
    const body: BinaryNode = { tag: 'body', attrs: {}, content: Buffer.from(description ?? '') };
    const asked = nodeOf('create', { subject }, [
      nodeOf('description', { id: generateMessageIDV2() }, [body]),
      nodeOf('parent', { default_membership_approval_mode: 'request_required' }),
      nodeOf('allow_non_admin_sub_group_creation'),
      nodeOf('create_general_chat'),
    ]);
    const answer = await askGroup(sock, '@g.us', 'set', asked);
    return { group: read(requiredChild(answer, 'group')), participants: [] };
  },
  'communities.groups': async ({ sock }, { community }) => ({ groups: await linkedGroups(sock, community) }),
  async 'communities.link'({ sock }, { community, group }) {
    const link = nodeOf('link', { link_type: 'sub_group' }, [nodeOf('group', { jid: groupJidOf(group) })]);
    return { groups: await change(sock, community, nodeOf('links', {}, [link]), group, true) };
  },
  async 'communities.unlink'({ sock }, { community, group }) {
    const unlink = nodeOf('unlink', { unlink_type: 'sub_group' }, [nodeOf('group', { jid: groupJidOf(group) })]);
    return { groups: await change(sock, community, unlink, group, false) };
  },
};

const LINKED_TWICE = [404, 406, 409];

/** Links or unlinks. What is so already is no refusal: the call may be a repeated one. */
async function change(sock: WASocket, community: string, node: BinaryNode, group: string, isLinked: boolean) {
  const refusal = await askGroup(sock, community, 'set', node).then(
    (answer) => refusalIn(answer, node.tag),
    (error: unknown) => error,
  );
  const isDoubtful = refusal instanceof RefusedByWhatsAppError && LINKED_TWICE.includes(refusal.data);
  if (refusal !== undefined && !isDoubtful) throw refusal;
  const groups = await linkedGroups(sock, community);
  if (isDoubtful && groups.some(({ jid }) => jid === groupJidOf(group)) !== isLinked) throw refusal;
  return groups;
}

/** WhatsApp answers for each group. */
function refusalIn(answer: BinaryNode, tag: string): RefusedByWhatsAppError | undefined {
  const changed = childrenOf(requiredChild(answer, tag));
  const answers = tag === 'links' ? changed.flatMap(childrenOf) : changed;
  const code = Number(answers.find(({ attrs }) => attrs.error)?.attrs.error ?? 0);
  if (code === 0) return undefined;
  return new RefusedByWhatsAppError(
    code,
    'WhatsApp does not link this group: the account must be an admin of both, and a group belongs to one community.',
  );
}

async function linkedGroups(sock: WASocket, community: string) {
  const answer = await askGroup(sock, community, 'get', nodeOf('sub_groups'));
  return childrenOf(requiredChild(answer, 'sub_groups')).flatMap((node) => {
    const { id, subject = '', size } = node.attrs;
    if (node.tag !== 'group' || !id) return [];
    const isAnnouncements = childrenOf(node).some(({ tag }) => tag === 'default_sub_group');
    return [{ jid: groupJidOf(id), subject, isAnnouncements, ...(size && { size: Number(size) }) }];
  });
}
