import type { GroupFacts, Identity, ParticipantFact } from '@wa-gate/contracts';
import { describe, expect, it } from 'vitest';
import type { BinaryNode } from '../whatsapp/baileys.ts';
import { readGroupNotices } from '../whatsapp/group-notices.ts';
import { applyNotice, type GroupBefore } from './apply-notice.ts';

const GROUP = '120363025246125486@g.us';
const OWN = { jid: '1555@s.whatsapp.net', altJid: '99@lid' };
const ANN: ParticipantFact = { jid: '201@lid', altJid: '15550001@s.whatsapp.net', role: 'admin' };
const BEN: ParticipantFact = { jid: '202@lid', role: 'member' };
const SELF: ParticipantFact = { jid: '99@lid', altJid: OWN.jid, role: 'member' };

const facts: GroupFacts = {
  jid: GROUP,
  subject: 'Orders',
  description: null,
  addressing: 'lid',
  onlyAdminsSend: false,
  onlyAdminsEdit: false,
  onlyAdminsAdd: false,
  joinApproval: false,
  disappearingSeconds: 0,
  isCommunity: false,
  isAnnouncements: false,
  size: 3,
  participants: [ANN, BEN, SELF],
};
const before: GroupBefore = { facts, isMember: true, isStale: false, readAt: new Date(0) };

const node = (tag: string, attrs: Record<string, string> = {}, content?: BinaryNode['content']): BinaryNode => ({
  tag,
  attrs,
  ...(content !== undefined && { content }),
});
const person = ({ jid, altJid, role }: ParticipantFact) =>
  node('participant', { jid, ...(altJid && { phone_number: altJid }), ...(role !== 'member' && { type: role }) });
const noticed = (change: BinaryNode, by: ParticipantFact | null = ANN) => {
  const attrs = { type: 'w:gp2', from: GROUP, id: 'N1', t: '1768473000' };
  const actor = by && { participant: by.jid, ...(by.altJid && { participant_pn: by.altJid }) };
  return readGroupNotices(node('notification', { ...attrs, ...actor }, [change]))[0]!;
};
/** The row and the events after a notice. People are named by their jid. */
function after(change: BinaryNode, by?: ParticipantFact | null, row: GroupBefore | null = before) {
  const applied = applyNotice(row ?? undefined, noticed(change, by), OWN);
  const identities = applied.people.map(
    ({ jid }): Identity => ({ contactId: null, phoneNumber: null, lid: null, jid, name: null }),
  );
  return { ...applied, events: applied.events(identities) };
}

describe('what a notice of WhatsApp makes of a group (MR-014)', () => {
  it('names the actor, whom the events of Baileys do not', () => {
    const { events, facts: now } = after(node('subject', { subject: 'Tea' }));
    expect(now.subject).toBe('Tea');
    expect(events).toEqual([
      {
        type: 'group.updated',
        data: {
          chat: GROUP,
          subject: 'Tea',
          actor: expect.objectContaining({ jid: ANN.jid }),
          timestamp: 1_768_473_000,
          changes: { subject: 'Tea' },
        },
      },
    ]);
  });

  it('says no number of participants of a group that WhatsApp has not described', () => {
    const { events } = after(node('add', {}, [person(SELF)]), ANN, null);
    expect(events).toMatchObject([{ type: 'group.joined', data: { participantCount: null } }]);
    const again = after(node('add', {}, [person(SELF)]), ANN, { ...before, isMember: false });
    expect(again.events).toMatchObject([{ type: 'group.joined', data: { participantCount: 3 } }]);
  });

  it.each([
    ['announcement', node('announcement'), { onlyAdminsSend: true }],
    ['locked', node('locked'), { onlyAdminsEdit: true }],
    ['unlocked', node('unlocked'), { onlyAdminsEdit: false }],
    ['ephemeral', node('ephemeral', { expiration: '86400' }), { disappearingSeconds: 86_400 }],
    ['not_ephemeral', node('not_ephemeral'), { disappearingSeconds: 0 }],
    ['member_add_mode', node('member_add_mode', {}, Buffer.from('admin_add')), { onlyAdminsAdd: true }],
    [
      'membership_approval_mode',
      node('membership_approval_mode', {}, [node('group_join', { state: 'on' })]),
      { joinApproval: true },
    ],
    [
      'link',
      node('link', { link_type: 'parent_group' }, [node('group', { jid: '1203@g.us' })]),
      { community: '1203@g.us' },
    ],
    ['a removed description', node('description', { id: 'D2', delete: 'true' }), { description: null }],
  ])('%s', (_, change, changes) => {
    const { events, facts: now } = after(change);
    expect(events).toMatchObject([{ type: 'group.updated', data: { changes } }]);
    expect(now).toMatchObject(changes);
  });

  it('a description, with the id that the next change has to name', () => {
    const { facts: now } = after(node('description', { id: 'D1' }, [node('body', {}, Buffer.from('For orders'))]));
    expect(now).toMatchObject({ description: 'For orders', descriptionId: 'D1' });
  });

  it('people who are added, promoted and removed', () => {
    const cat: ParticipantFact = { jid: '203@lid', altJid: '15550003@s.whatsapp.net', role: 'member' };
    const added = after(node('add', {}, [person(cat)]));
    expect(added.facts.participants).toEqual([ANN, BEN, SELF, cat]);
    expect(added.events).toMatchObject([
      { data: { action: 'add', participantCount: 4, participants: [{ jid: cat.jid }] } },
    ]);
    const promoted = after(node('promote', {}, [person(BEN)]));
    expect(promoted.facts.participants).toContainEqual({ ...BEN, role: 'admin' });
    // By the other name: a group may change its addressing.
    const removed = after(node('remove', {}, [node('participant', { jid: ANN.altJid! })]), BEN);
    expect(removed.facts).toMatchObject({ participants: [BEN, SELF], size: 2 });
  });

  it('who removes itself has left', () => {
    const { events } = after(node('remove', {}, [person(BEN)]), BEN);
    expect(events).toMatchObject([{ type: 'group.participants', data: { action: 'leave', participantCount: 2 } }]);
  });

  it('the account is removed, together with others', () => {
    const { events, isMember } = after(node('remove', {}, [person(SELF), person(BEN)]));
    expect(isMember).toBe(false);
    expect(events.map(({ type }) => type)).toEqual(['group.participants', 'group.left']);
    expect(events[0]).toMatchObject({ data: { participants: [{ jid: BEN.jid }] } });
    expect(events[1]).toMatchObject({ data: { reason: 'removed' } });
  });

  it('the account leaves; the group is deleted', () => {
    expect(after(node('remove', {}, [person(SELF)]), SELF)).toMatchObject({
      isMember: false,
      events: [{ type: 'group.left', data: { reason: 'left' } }],
    });
    expect(after(node('delete'))).toMatchObject({ isMember: false, events: [{ data: { reason: 'deleted' } }] });
  });

  it('requests to join: who asks, who does not any more, who was rejected', () => {
    const asks = (tag: string, by: ParticipantFact) =>
      after(node(tag, { request_method: 'invite_link' }, [node('requested_user', { jid: BEN.jid })]), by).events;
    expect(asks('created_membership_requests', BEN)).toMatchObject([
      { data: { state: 'asked', method: 'invite_link' } },
    ]);
    expect(asks('revoked_membership_requests', BEN)).toMatchObject([{ data: { state: 'withdrawn' } }]);
    expect(asks('revoked_membership_requests', ANN)).toMatchObject([{ data: { state: 'rejected' } }]);
  });

  it('what is not known makes the row stale, and no event', () => {
    expect(after(node('something_new'))).toMatchObject({ isStale: true, events: [] });
  });

  it('of a group that was never described the row stays stale', () => {
    const told = after(node('subject', { subject: 'Tea' }), ANN, null);
    expect(told).toMatchObject({ isStale: true, isWhole: false, events: [{ data: { subject: 'Tea' } }] });
  });

  it('nothing of chats that are no groups', () => {
    expect(
      readGroupNotices(node('notification', { type: 'w:gp2', from: '1@s.whatsapp.net' }, [node('subject')])),
    ).toEqual([]);
  });
});
