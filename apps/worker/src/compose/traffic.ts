import type { Ownership } from '@wa-gate/cluster';
import { mayBeginNoChats } from '@wa-gate/messaging';
import { CallDesk } from '../calls/call-desk.ts';
import { ChatSettingsFeed } from '../chats/chat-settings-feed.ts';
import { ChatTimers } from '../chats/chat-timers.ts';
import { ContactFeed } from '../contacts/contact-feed.ts';
import { createLiveEvents } from '../control/live-events.ts';
import type { Routes } from '../egress/routes.ts';
import { GroupFeed } from '../groups/group-feed.ts';
import { GapAudit } from '../history/gap-audit.ts';
import { HistoryIntake } from '../history/history-intake.ts';
import { createHistoryWriter } from '../history/history-writer.ts';
import { createProjector } from '../inbox/projector.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { Downloads } from '../media/downloads.ts';
import { Uploads } from '../media/uploads.ts';
import type { WorkerMetrics } from '../metrics.ts';
import { createChangeWriter } from '../outbox/change-writer.ts';
import { Dispatcher } from '../outbox/dispatcher.ts';
import { createOutcomeWriter } from '../outbox/outcome-writer.ts';
import type { SessionTraffic } from '../session/session-traffic.ts';
import { SessionSettingsBook } from '../settings/session-settings-book.ts';
import type { HostedSessions } from '../supervisor/hosted-sessions.ts';
import type { Announce } from '../writers/announcer.ts';
import type { SessionHostDependencies } from './session-host-dependencies.ts';

export interface TrafficParts {
  sessions: HostedSessions;
  metrics: WorkerMetrics;
  announce: Announce;
  /** A batch was refused because the session has another owner. */
  onStale: (owner: Ownership) => void;
  routes: Routes;
}

/** Builds the traffic of all hosted sessions: outbox, outcomes and inbound messages. */
export function composeTraffic(
  deps: SessionHostDependencies,
  { sessions, metrics, announce, onStale, routes }: TrafficParts,
) {
  const { pool, messageKey, clock, logger, mayStart, media } = deps;
  const writeLock = new KeyedLock();
  const outcomes = createOutcomeWriter({ pool, writeLock, clock, logger, announce, onStale });
  outcomes.onRecorded((batch) => {
    for (const { state } of batch) metrics.countOutcome(state);
  });
  const changes = createChangeWriter({ pool, writeLock, clock, logger, outcomes, announce, onStale });
  const timers = new ChatTimers(pool);
  const owners = () => sessions.actors.map(({ owner }) => owner);
  const settings = new SessionSettingsBook({
    pool,
    logger,
    sessionIds: () => owners().map(({ sessionId }) => sessionId),
    onChange: (sessionId) => sessions.find(sessionId)?.settingsChanged(),
  });
  const contacts = new ContactFeed({ pool, writeLock, clock, logger, announce, onStale, owners });
  const chats = new ChatSettingsFeed({
    pool,
    writeLock,
    clock,
    logger,
    announce,
    onStale,
    onRefused: (count) => metrics.settingsRefused.inc(count),
  });
  const groups = new GroupFeed({ pool, clock, logger, announce, onStale });
  const downloads = new Downloads({
    pool,
    writeLock,
    clock,
    logger,
    announce,
    onStale,
    owners,
    store: media,
    maxBytes: deps.maxFileBytes,
    access: (sessionId) => routes.media(sessionId),
    askForFile: async ({ sessionId, epoch }, file) => {
      const actor = sessions.find(sessionId);
      return actor?.owner.epoch === epoch && (await actor.askForFile(file));
    },
    mayStart,
    onConcluded: (status, bytes) => metrics.countDownload(status, bytes),
    ...(deps.downloadPace && { pace: deps.downloadPace }),
  });
  const history = new HistoryIntake({
    pool,
    writeLock,
    clock,
    logger,
    announce,
    onStale,
    owners,
    linkOf: ({ sessionId, epoch }) => {
      const actor = sessions.find(sessionId);
      return actor?.owner.epoch === epoch ? actor.historyLink : null;
    },
    contacts,
    writer: createHistoryWriter({
      pool,
      writeLock,
      messageKey,
      announce,
      onStored: (count) => metrics.historyMessages.inc(count),
    }),
    workFolder: deps.workFolder,
    access: (sessionId) => routes.media(sessionId),
    mayStart,
    onPart: (status) => metrics.historyParts.inc({ status }),
    onBytes: (count) => metrics.historyBytes.inc(count),
    ...(deps.historyPace && { pace: deps.historyPace }),
  });
  metrics.watchHistory(() => history.counts);
  const gaps = new GapAudit({
    pool,
    logger,
    onStale,
    owners,
    isConnected: ({ sessionId, epoch }) => {
      const actor = sessions.find(sessionId);
      return actor?.owner.epoch === epoch && actor.state.name === 'connected';
    },
    ask: async ({ sessionId, epoch, ...request }) => {
      const actor = sessions.find(sessionId);
      return actor?.owner.epoch === epoch && (await actor.askForHistory(request));
    },
    mayStart,
    onRequest: (outcome, count) => metrics.gapRequests.inc({ outcome }, count),
    ...(deps.gapPace && { pace: deps.gapPace }),
  });
  const projector = createProjector({
    pool,
    writeLock,
    clock,
    logger,
    messageKey,
    timers,
    settings,
    announce,
    contacts,
    onStale,
    onStored: (count) => metrics.countInbound(count),
    onFile: (sessionId) => downloads.notify(sessionId),
    onUndecryptable: (count) => metrics.undecryptable.inc(count),
  });
  const dispatcher = new Dispatcher({
    pool,
    clock,
    logger,
    messageKey,
    outcomes,
    changes,
    timers,
    uploads: new Uploads({ pool, clock, logger, store: media }),
    mayStart,
    onStuck: ({ sessionId }) => sessions.find(sessionId)?.dropConnection(),
    isTimeLocked: async ({ sessionId }) => {
      await sessions.find(sessionId)?.refusedReachout();
      return await mayBeginNoChats(pool, sessionId);
    },
    onAcknowledged: (milliseconds, messageId) => metrics.countAcknowledged(milliseconds, messageId),
    onResendAsked: () => metrics.resendsAsked.inc(),
  });
  const calls = new CallDesk({
    pool,
    writeLock,
    clock,
    logger,
    settings,
    announce,
    onStale,
    onReply: (sessionId) => dispatcher.notify(sessionId),
  });
  return {
    traffic: {
      outbox: dispatcher,
      inbox: projector,
      calls,
      contacts,
      downloads,
      chats,
      groups,
      history,
      live: createLiveEvents(deps.control),
      settings,
    } satisfies SessionTraffic,
    settings,
    dispatcher,
    contacts,
    downloads,
    history,
    gaps,
    /** Flushes the queued writes of one session or of all. */
    flush: async (sessionId?: string): Promise<void> => {
      const writers = [projector, changes, calls, contacts, downloads, chats, groups];
      await Promise.all(writers.map((writer) => writer.flush(sessionId)));
      // A change waits for the outcome of its message, which is written by then.
      await outcomes.flush(sessionId);
    },
  };
}
