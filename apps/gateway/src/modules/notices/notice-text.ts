import type { NoticeKind } from '@wa-gate/contracts';
import type { Incident } from './incident.ts';

/** What is told of an incident. */
export interface NoticeText {
  /** A few words. */
  title: string;
  /** What happened. */
  reason: string;
  /** What to do. */
  action: string;
  /** Where to do it; `null` while the installation does not know its own address. */
  link: string | null;
}

type Words = Omit<NoticeText, 'link'> & { path: string };

const called = ({ name, slug }: Incident): string => (name === slug ? `Session ${slug}` : `Session ${slug} (${name})`);
const until = (at: Date | string | null): string => (at === null ? '' : ` until ${new Date(at).toISOString()}`);
const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const pathOf = ({ slug }: Incident): string => `/api/sessions/${encodeURIComponent(slug)}`;
/** The page of the session in the dashboard. */
const pageOf = ({ slug }: Incident): string => `/sessions/${encodeURIComponent(slug)}`;
const restart = (incident: Incident): string => `POST ${pathOf(incident)}/restart`;

/** New chats that are used up, of how many. */
function chatsOf({ capping }: Incident): string {
  if (!capping || capping.used === null || capping.total === null) return 'its new chats';
  return `${capping.used} of its ${capping.total} new chats`;
}

function originOf(url: string | null): string {
  return url !== null && URL.canParse(url) ? new URL(url).origin : 'its address';
}

/** The words of each kind. Slugs and names are a user's; neither has control characters. */
const WORDS: Readonly<Record<NoticeKind, (incident: Incident) => Words>> = {
  down: (incident) => ({
    title: `${called(incident)} is not connected`,
    reason:
      incident.state === 'CONNECTED'
        ? 'The worker of the session is gone, and no other worker has taken it over yet.'
        : (incident.stateReason ?? 'The session is not connected to WhatsApp.'),
    action: `A session that reconnects by itself needs the phone to be online now and then. If it lasts, restart it: ${restart(incident)}. Messages that are sent meanwhile are kept and go out afterwards.`,
    path: pathOf(incident),
  }),
  logged_out: (incident) => ({
    title: `${called(incident)} is logged out`,
    reason: incident.stateReason ?? 'The device is not linked any more.',
    action: `Link it again: open its page, choose "Link again" and scan the code with the phone (WhatsApp, Linked devices). A program asks for the code with POST ${pathOf(incident)}/relink. Keys, webhooks and waiting messages stay.`,
    path: pageOf(incident),
  }),
  banned: (incident) => ({
    title: `${called(incident)} is banned by WhatsApp`,
    reason: incident.stateReason ?? 'WhatsApp has banned this account.',
    action: `Open WhatsApp on the phone: it says until when, and takes a request for a review. When the account is allowed again, restart the session: ${restart(incident)}. Messages that are sent meanwhile are kept.`,
    path: pathOf(incident),
  }),
  restricted: (incident) =>
    incident.state === 'RESTRICTED'
      ? {
          title: `${called(incident)} is restricted`,
          reason: incident.stateReason ?? 'WhatsApp refuses this account.',
          action: `Open WhatsApp on the phone to see why. When the account is allowed again, restart the session: ${restart(incident)}.`,
          path: pathOf(incident),
        }
      : {
          title: `${called(incident)} may not begin new chats`,
          reason: `WhatsApp does not let the account begin new chats${until(incident.lockedUntil)}.`,
          action:
            'Messages that would begin a chat are refused until then; all others go out. Write to fewer new people.',
          path: pathOf(incident),
        },
  capped: (incident) => ({
    title: `${called(incident)} has used up its new chats`,
    reason: `The account has used ${chatsOf(incident)}, and may begin no others${until(incident.capping?.cycleEndsAt ?? null)}.`,
    action: 'Messages that would begin a chat are refused until then; all others go out.',
    path: pathOf(incident),
  }),
  at_risk: (incident) => {
    const { score, reasons = [] } = incident.details;
    const isWarned = score === undefined;
    return {
      title: `${called(incident)} is at risk`,
      reason: isWarned
        ? `WhatsApp has warned: the account has used ${chatsOf(incident)}${until(incident.capping?.cycleEndsAt ?? null)}.`
        : [`The risk score of the account is ${score} of 100.`, ...reasons].join(' '),
      action: isWarned
        ? 'Begin fewer new chats: at the end of the cap WhatsApp refuses them, and may restrict the account.'
        : `GET ${pathOf(incident)}/risk has all reasons with advice. Broadcasts that its guard has paused go on when you resume them.`,
      path: isWarned ? pathOf(incident) : `${pathOf(incident)}/risk`,
    };
  },
  webhook_down: ({ subject, sessionId, slug, webhook }) => ({
    title: `${webhook?.isPrimary ? 'The' : 'A'} webhook of ${sessionId === null ? 'the workspace' : `session ${slug}`} is down`,
    reason: `Its receiver at ${originOf(webhook?.url ?? null)} takes nothing. Its events wait in line, for three days.`,
    action: `See why: GET /api/webhooks/${subject} has the last error, /api/webhooks/${subject}/deliveries what it has answered. It is tried every half minute, and gets everything in order when it is back.`,
    path: webhook?.isPrimary ? `/api/sessions/${encodeURIComponent(slug)}/webhook` : `/api/webhooks/${subject}`,
  }),
  webhook_off: (incident) => {
    const { subject, sessionId, slug, webhook } = incident;
    const whose = sessionId === null ? 'the workspace' : `session ${slug}`;
    const path = webhook?.isPrimary === false ? `/api/webhooks/${subject}` : `${pathOf(incident)}/webhook`;
    return {
      title:
        webhook?.isPrimary === false
          ? `A webhook of ${whose} is switched off`
          : `The webhook of ${whose} is switched off`,
      reason: `Its receiver at ${originOf(webhook?.url ?? null)} answered 410 (gone). Nothing is sent to it any more, and events are not kept for it.`,
      action:
        webhook?.isPrimary === false
          ? `Switch it on when the receiver is there: PATCH ${path} with "isActive": true.`
          : `Set it again when the receiver is there: PUT ${path}.`,
      path,
    };
  },
  worker_lost: ({ subject, details: { network = 'live', sessions = 0 } }) => ({
    title: `Worker ${subject} is lost`,
    reason: `Worker ${subject} (${network}) has ended without a goodbye and has not come back. It hosted ${counted(sessions, 'session')}.`,
    action: `See why it ended and start it again, or remove it: DELETE /api/admin/workers/${subject}. Other workers take its sessions over as far as they have room.`,
    path: `/api/admin/workers/${encodeURIComponent(subject)}`,
  }),
  client_outdated: ({ subject, details: { sessions = 0 } }) => ({
    title: `WhatsApp refuses the version of the client (${subject})`,
    reason: `WhatsApp lets ${counted(sessions, 'session')} of the network ${subject} not log in, because the version of its client is too old (405).`,
    action:
      'Set a newer version: PUT /api/admin/whatsapp-version, for some sessions first with `candidate`. Or update wa-gate, which brings one.',
    path: '/api/admin/whatsapp-version',
  }),
  no_capacity: ({ subject, details: { sessions = 0 } }) => ({
    title: `No room for sessions (${subject})`,
    reason: `${counted(sessions, 'session')} of the network ${subject} wait for a worker.`,
    action:
      'Start another worker, or raise MAX_SESSIONS. GET /api/admin/autoscaling says how many workers there should be.',
    path: '/api/admin/autoscaling',
  }),
};

/** What to tell of an incident, as things are now. */
export function noticeText(incident: Incident, publicUrl: string | undefined): NoticeText {
  const { path, ...words } = WORDS[incident.kind](incident);
  return { ...words, link: publicUrl === undefined ? null : `${publicUrl.replace(/\/+$/, '')}${path}` };
}
