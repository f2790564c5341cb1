import type { GroupFacts, Identity, ParticipantFact, SessionEvent } from '@wa-gate/contracts';
import type { GroupRow } from '@wa-gate/messaging';
import type { NodeNames } from '../whatsapp/group-nodes.ts';
import { type GroupNotice, isSamePerson, type ParticipantsAction } from '../whatsapp/group-notices.ts';

/** The row of a group as far as a notice concerns it. */
export type GroupBefore = Pick<GroupRow, 'facts' | 'isMember' | 'isStale' | 'readAt'>;

export interface AppliedNotice {
  facts: GroupFacts;
  isMember: boolean;
  isStale: boolean;
  isWhole: boolean;
  /** The identities are those of the people, in their order: first the actor, then who is concerned. */
  people: NodeNames[];
  events(this: void, identities: readonly Identity[]): SessionEvent[];
}

/** A group of which nothing is known but its name. */
export const unknownGroup = (jid: string): GroupFacts => ({
  jid,
  subject: '',
  description: null,
  addressing: 'lid',
  onlyAdminsSend: false,
  onlyAdminsEdit: false,
  onlyAdminsAdd: false,
  joinApproval: false,
  disappearingSeconds: 0,
  isCommunity: false,
  isAnnouncements: false,
  size: 0,
  participants: [],
});

/**
 * What a notice makes of a group, and the events that tell it.
 *
 * @param own the names of the account
 */
export function applyNotice(before: GroupBefore | undefined, notice: GroupNotice, own: NodeNames): AppliedNotice {
  const { change, actor, at, jid } = notice;
  const old = before?.facts ?? unknownGroup(jid);
  const isRead = before?.readAt != null;
  const wasMember = before?.isMember ?? false;
  const kept = { isMember: true, isStale: before?.isStale ?? true, isWhole: false };
  const about = (facts: GroupFacts, identities: readonly Identity[]) => ({
    chat: jid,
    subject: facts.subject || null,
    actor: actor ? identities[0]! : null,
    timestamp: at,
  });
  const concerned = (identities: readonly Identity[]) => identities.slice(actor ? 1 : 0);
  const withActor = (people: readonly NodeNames[]) => (actor ? [actor, ...people] : [...people]);

  switch (change.kind) {
    case 'described': {
      const { facts } = change;
      return {
        facts,
        isMember: true,
        isStale: false,
        isWhole: true,
        people: withActor([]),
        events: (identities) => [
          { type: 'group.joined', data: { ...about(facts, identities), participantCount: facts.size } },
        ],
      };
    }
    case 'deleted':
      return {
        ...kept,
        facts: old,
        isMember: false,
        people: withActor([]),
        events: (identities) => [{ type: 'group.left', data: { ...about(old, identities), reason: 'deleted' } }],
      };
    case 'updated': {
      const { picture: _, community, ...settings } = change.changes;
      const { descriptionId, community: former, ...rest } = old;
      const isDescribed = settings.description !== undefined;
      const newId = isDescribed ? change.descriptionId : descriptionId;
      const newCommunity = community === undefined ? former : (community ?? undefined);
      const facts: GroupFacts = {
        ...rest,
        ...settings,
        ...(newId !== undefined && { descriptionId: newId }),
        ...(newCommunity !== undefined && { community: newCommunity }),
      };
      return {
        ...kept,
        facts,
        people: withActor([]),
        events: (identities) => [
          { type: 'group.updated', data: { ...about(facts, identities), changes: { ...change.changes } } },
        ],
      };
    }
    case 'participants':
      return applyParticipants();
    case 'request':
      return {
        ...kept,
        facts: old,
        people: withActor(change.people),
        events: (identities) => [
          {
            type: 'group.join_request',
            data: {
              ...about(old, identities),
              state: change.state,
              method: change.method,
              participants: concerned(identities),
            },
          },
        ],
      };
    case 'invite':
      return {
        ...kept,
        facts: old,
        people: withActor([]),
        events: (identities) => [
          { type: 'group.invite_revoked', data: { ...about(old, identities), code: change.code } },
        ],
      };
    default:
      return { ...kept, facts: old, isMember: wasMember, isStale: true, people: [], events: () => [] };
  }

  function applyParticipants(): AppliedNotice {
    if (change.kind !== 'participants') throw new TypeError('No change of participants.');
    const { action, participants: told } = change;
    const isGoing = action === 'remove' || action === 'leave';
    const participants = withParticipants(old.participants, action, told);
    const facts = { ...old, participants, size: participants.length };
    const isOwn = (person: NodeNames) => isSamePerson(person, own);
    const isAboutOwn = told.some(isOwn);
    // Of the account itself its own events tell that it has come or gone.
    const others = isGoing || action === 'add' ? told.filter((person) => !isOwn(person)) : told;
    const isMember = !(isAboutOwn && isGoing);
    return {
      facts,
      isMember,
      // Whoever has changed the number has another name from now on.
      isStale: kept.isStale || action === 'modify',
      isWhole: false,
      people: withActor(others),
      events(identities) {
        const events: SessionEvent[] = [];
        const base = about(facts, identities);
        const participantCount = isRead ? facts.size : null;
        if (others.length > 0) {
          events.push({
            type: 'group.participants',
            data: { ...base, action, participants: concerned(identities), participantCount },
          });
        }
        if (isAboutOwn && isGoing) {
          events.push({ type: 'group.left', data: { ...base, reason: action === 'leave' ? 'left' : 'removed' } });
        }
        if (isAboutOwn && action === 'add' && !wasMember) {
          events.push({ type: 'group.joined', data: { ...base, participantCount } });
        }
        return events;
      },
    };
  }
}

function withParticipants(
  before: readonly ParticipantFact[],
  action: ParticipantsAction,
  told: readonly ParticipantFact[],
): ParticipantFact[] {
  const names = new Set(told.flatMap(({ jid, altJid }) => (altJid ? [jid, altJid] : [jid])));
  const isTold = ({ jid, altJid }: ParticipantFact) => names.has(jid) || (altJid !== undefined && names.has(altJid));
  switch (action) {
    case 'add':
      return [...before.filter((participant) => !isTold(participant)), ...told];
    case 'remove':
    case 'leave':
      return before.filter((participant) => !isTold(participant));
    case 'promote':
      return before.map((each) =>
        isTold(each) && each.role === 'member' ? { ...each, role: 'admin' as const } : each,
      );
    case 'demote':
      return before.map((each) => (isTold(each) ? { ...each, role: 'member' as const } : each));
    default:
      return [...before];
  }
}
