import { NOTICES, type SessionEvent, WORKSPACE_NOTICES } from '@wa-gate/contracts';
import { inTransaction, type Pool, type PoolClient } from '@wa-gate/db';
import { type Clock, createLoop, type Logger } from '@wa-gate/kit';
import { type Appended, appendControlEvent } from '@wa-gate/messaging';
import type { MailQueue } from '../../modules/mail/index.ts';
import {
  administratorAddresses,
  type Incident,
  noticeText,
  readNoticeSettings,
  recipientsOf,
} from '../../modules/notices/index.ts';
import { claimMails, dueIncidents, markEnded, markMailed, markTold, workspacesToMail } from './incident-rows.ts';
import { type MailedIncident, noticeMail } from './notice-mail.ts';
import { type IncidentRef, observeIncidents } from './observe-incidents.ts';

export interface NoticeLoopDependencies {
  pool: Pool;
  mail: MailQueue;
  clock: Clock;
  logger: Logger;
  /** Tells who delivers webhooks of new events, after their commit. */
  announce: (appended: Appended) => void;
  /** Of workspaces that have not set their own. */
  delaySeconds: number;
  publicUrl: string | undefined;
  /** After the end of a lease, see the timing of packages/cluster. */
  takeoverGraceMs: number;
  /** How long a connection lasts before a told incident is over. @default the delay, 60 at most */
  settleSeconds?: number;
  /** How often it looks. @default a tenth of the delay, between 1 and 10 seconds */
  everyMs?: number;
}

/**
 * Observes incidents, tells of those that last, and ends them. Everything is rows: a process that is killed at any
 * point leaves what the next round, of any process, goes on with. An incident is told once: the mark is written in the
 * transaction of its event, and another one in that of its mails.
 */
export interface NoticeLoop {
  start(): void;
  /** One look; `more`: there may be more to do at once. */
  round(): Promise<'more' | undefined>;
  stop(): Promise<void>;
}

const BATCH = 100;
const MAX_MAIL_GROUP = 200;

export function createNoticeLoop(deps: NoticeLoopDependencies): NoticeLoop {
  const { pool, mail, clock, logger, announce, delaySeconds, publicUrl, takeoverGraceMs } = deps;
  const { settleSeconds = Math.min(60, delaySeconds) } = deps;
  const { everyMs = Math.min(10_000, Math.max(1_000, delaySeconds * 100)) } = deps;
  let hasSaidMailIsOff = false;

  /** One incident a transaction: see {@link appendControlEvent}. */
  async function move(
    refs: readonly IncidentRef[],
    mark: (tx: PoolClient, ref: IncidentRef) => Promise<Incident | null>,
    step: 'begun' | 'resolved',
  ): Promise<void> {
    for (const ref of refs) {
      const appended = await inTransaction(pool, async (tx) => {
        const incident = await mark(tx, ref);
        if (!incident) return null;
        const { id, kind, sessionId, subject, isResolved } = incident;
        logger.info({ incidentId: id, kind, subject, sessionId, step }, 'incident');
        return step === 'begun' || isResolved ? await append(tx, incident, step) : null;
      });
      if (appended) announce(appended);
    }
  }

  async function append(tx: PoolClient, incident: Incident, step: 'begun' | 'resolved'): Promise<Appended | null> {
    const { sessionId } = incident;
    if (sessionId === null) return null;
    return await appendControlEvent(tx, { sessionId, ...noticeEvent(incident, step, publicUrl) });
  }

  async function mailWorkspace(workspaceId: string | null): Promise<void> {
    await inTransaction(pool, async (tx) => {
      const claimed = await claimMails(tx, workspaceId, MAX_MAIL_GROUP);
      if (claimed.length === 0) return;
      const mails = new Map(claimed.map(({ id }) => [id, 0]));
      // Somebody who is never told that it began is not told that it is over.
      const steps = claimed.flatMap(({ isMailed, ...incident }): MailedIncident[] => {
        if (!isMailed) return incident.endedAt === null ? [{ incident, step: 'begun' }] : [];
        return incident.mails > 0 ? [{ incident, step: 'resolved' }] : [];
      });
      if (mail.isOn) {
        for (const [to, incidents] of await addressees(tx, workspaceId, steps)) {
          await mail.enqueue(tx, noticeMail(to, incidents, { publicUrl, settings: settingsOf(workspaceId) }));
          for (const { incident } of incidents) mails.set(incident.id, mails.get(incident.id)! + 1);
        }
      } else if (!hasSaidMailIsOff) {
        hasSaidMailIsOff = true;
        logger.warn('notices are not mailed: no mail server is configured (SMTP_HOST, or MAIL_DIR for files)');
      }
      await markMailed(tx, mails);
    });
  }

  /** Who gets what in one mail. */
  async function addressees(
    tx: PoolClient,
    workspaceId: string | null,
    steps: readonly MailedIncident[],
  ): Promise<Map<string, MailedIncident[]>> {
    const found = new Map<string, MailedIncident[]>();
    const add = (address: string, several: readonly MailedIncident[]) => {
      if (several.length > 0) found.set(address, [...new Set([...(found.get(address) ?? []), ...several])]);
    };
    if (workspaceId !== null) {
      const { kinds, roles, ends } = await readNoticeSettings(tx, workspaceId);
      const wanted = steps.filter(({ incident, step }) => kinds.includes(incident.kind) && (ends || step === 'begun'));
      const recipients = wanted.length > 0 ? await recipientsOf(tx, workspaceId, roles) : [];
      for (const { email, reason } of recipients) if (reason === null) add(email, wanted);
    }
    const forAdministrators = steps.filter(({ incident }) => isForAdministrators(incident));
    if (forAdministrators.length > 0) {
      for (const address of await administratorAddresses(tx)) add(address, forAdministrators);
    }
    return found;
  }

  async function round(stopping?: AbortSignal): Promise<'more' | undefined> {
    const observed = await observeIncidents(pool, { waitSeconds: delaySeconds, settleSeconds, takeoverGraceMs });
    await move(observed.over, markEnded, 'resolved');
    const due = await dueIncidents(pool, delaySeconds, BATCH);
    await move(due, markTold, 'begun');
    for (const workspaceId of await workspacesToMail(pool, BATCH)) {
      if (stopping?.aborted) return undefined;
      await mailWorkspace(workspaceId);
    }
    return observed.hasMore || due.length === BATCH ? 'more' : undefined;
  }

  const loop = createLoop({
    clock,
    round,
    everyMs,
    jitter: 0.2,
    onError: (error) => logger.warn({ err: error }, 'incidents cannot be observed, trying again'),
  });

  return { start: loop.start, round: () => round(), stop: loop.stop };
}

const isForAdministrators = ({ kind }: Incident): boolean =>
  (NOTICES[kind].audiences as readonly string[]).includes('administrators');

const settingsOf = (workspaceId: string | null): string =>
  `PUT /api/${workspaceId === null ? 'admin' : `workspaces/${workspaceId}`}/notices/subscription`;

function noticeEvent(
  incident: Incident,
  step: 'begun' | 'resolved',
  publicUrl: string | undefined,
): Extract<SessionEvent, { type: 'session.notice' }> {
  const { reason, action, link } = noticeText(incident, publicUrl);
  const { id: noticeId, kind, beganAt } = incident;
  if (!WORKSPACE_NOTICES.includes(kind)) throw new Error(`A notice of the kind ${kind} is about no session.`);
  return { type: 'session.notice', data: { noticeId, kind, step, since: beganAt.toISOString(), reason, action, link } };
}
