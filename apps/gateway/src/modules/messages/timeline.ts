import {
  describeMessageState,
  describeSessionState,
  hasFailed,
  type PacingWait,
  type RiskWarning,
  TIMELINE_STEPS,
  type Timeline,
  type TimelineDelivery,
  type TimelineEntry,
  type Wait,
} from '@wa-gate/contracts';
import type { MessageRecord } from './messages.repository.ts';
import { identitiesOf } from './present-message.ts';
import type { EventRecord, QueueRecord } from './timeline.repository.ts';

/** What the rows tell about a message, in the order in which it happened. */
export function composeTimeline(
  message: MessageRecord,
  queue: QueueRecord | null,
  events: EventRecord[],
  risk?: RiskWarning,
): Timeline {
  const entries = [...lifeOf(message, queue), ...failureOf(message, events), ...events.map(eventEntry)];
  return {
    messageId: message.id,
    waMessageId: message.waMessageId,
    identities: identitiesOf(message),
    ...describeMessageState(message.state),
    waiting: queue ? waitsOf(message, queue) : [],
    ...(risk && mayBeDueToRisk(message, queue) && { risk }),
    timeline: entries.sort(byTime),
  };
}

/** What has left is not held by anything, and what came in was not sent by the account. */
const mayBeDueToRisk = ({ state }: MessageRecord, queue: QueueRecord | null): boolean =>
  queue !== null && (isUnsent(state) || hasFailed(state));

const isUnsent = (state: MessageRecord['state']): boolean =>
  state === 'QUEUED' || state === 'SCHEDULED' || state === 'SENDING';

/**
 * Times come from several clocks, and some count whole seconds. Steps with the same time are shown in their natural
 * order.
 */
function byTime(a: TimelineEntry, b: TimelineEntry): number {
  const rank = ({ step }: TimelineEntry) => TIMELINE_STEPS.indexOf(step);
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return rank(a) - rank(b) || (a.seq ?? 0) - (b.seq ?? 0);
}

function lifeOf(message: MessageRecord, queue: QueueRecord | null): TimelineEntry[] {
  const entries: TimelineEntry[] = [{ at: message.createdAt.toISOString(), step: queue ? 'accepted' : 'received' }];
  const add = (step: TimelineEntry['step'], at: Date | null) => {
    if (at) entries.push({ at: at.toISOString(), step });
  };
  // The attempt log keeps the first attempt and the latest ones.
  const forgotten = queue ? queue.attempts - queue.attemptLog.length : 0;
  queue?.attemptLog.forEach(({ at, epoch, worker }, index) => {
    const attempt = index === 0 ? 1 : index + 1 + forgotten;
    entries.push({ at: new Date(at).toISOString(), step: 'attempt', attempt, worker, epoch });
  });
  if (queue?.pictureRefusal) entries.push({ step: 'picture_left_out', ...queue.pictureRefusal });
  add('wire', queue?.wireAt ?? null);
  add('server_ack', message.sentAt);
  add('delivered', message.deliveredAt);
  add('read', message.readAt);
  return entries;
}

function failureOf(message: MessageRecord, events: EventRecord[]): TimelineEntry[] {
  const told = events.findLast(({ type }) => type === 'message.failed');
  if (!told || !hasFailed(message.state)) return [];
  const { errorCode: code, errorMessage } = message;
  return [{ at: told.createdAt.toISOString(), step: 'failed', code, message: errorMessage }];
}

function eventEntry({ seq, type, createdAt, delivery }: EventRecord): TimelineEntry {
  const entry: TimelineEntry = { at: createdAt.toISOString(), step: 'event', seq, event: type };
  return delivery ? { ...entry, delivery: presentDelivery(delivery) } : entry;
}

function presentDelivery(delivery: NonNullable<EventRecord['delivery']>): TimelineDelivery {
  const { status, attempts, nextAttempt, deliveredAt, responseCode, lastError } = delivery;
  const isOpen = status === 'PENDING' || status === 'RETRYING';
  return {
    status: status.toLowerCase() as TimelineDelivery['status'],
    attempts,
    ...(isOpen && { nextAttemptAt: nextAttempt.toISOString() }),
    ...(deliveredAt && { deliveredAt: deliveredAt.toISOString() }),
    ...(responseCode !== null && { responseCode }),
    ...(lastError !== null && { lastError }),
  };
}

/** Why the pacing of the session holds a message. */
const PACING_SENTENCES: Record<Exclude<PacingWait, 'time_lock'>, string> = {
  gap: 'The pacing of the session leaves a gap after the message before it.',
  chat_gap: 'The pacing of the session leaves a gap between messages into the same chat.',
  quiet_hours: 'It is quiet at present, by the pacing of the session.',
  daily_limit: 'The session has sent as many paced messages today as its pacing allows.',
  warm_up: 'The number is being warmed up: it has sent as many paced messages today as it should by now.',
  first_contacts: 'The session has written to as many people who never wrote to it as its pacing allows for now.',
};

/** Everything that keeps it from going now; the one that lasts longest may come at any place. */
function waitsOf(message: MessageRecord, queue: QueueRecord): Wait[] {
  if (!isUnsent(message.state)) return [];
  const waits: Wait[] = [];
  if (queue.scheduledFor)
    waits.push({
      reason: 'scheduled',
      message: 'It is not to be sent before this time.',
      until: queue.scheduledFor.toISOString(),
    });
  if (!queue.hasOwner)
    waits.push({
      reason: 'no_owner',
      message: 'No worker hosts the session at present. Another one takes it over by itself.',
    });
  if (queue.sessionState !== 'CONNECTED')
    waits.push({
      reason: 'session',
      message: queue.sessionReason ?? 'The session is not connected to WhatsApp at present.',
      sessionState: describeSessionState(queue.sessionState).state,
    });
  if (queue.lockedUntil)
    waits.push({
      reason: 'time_lock',
      message: 'WhatsApp does not let this account begin new chats at present.',
      until: queue.lockedUntil.toISOString(),
    });
  if (queue.pacing && queue.pacing.reason !== 'time_lock')
    waits.push({
      reason: queue.pacing.reason,
      message: PACING_SENTENCES[queue.pacing.reason],
      ...(queue.pacing.until !== null && { until: new Date(queue.pacing.until).toISOString() }),
    });
  if (queue.ahead > 0)
    waits.push({ reason: 'older_messages', message: 'Older messages of the session go first.', ahead: queue.ahead });
  if (message.state === 'SENDING' && waits.length === 0)
    waits.push({ reason: 'server_ack', message: 'A worker sends it now; WhatsApp has not acknowledged it yet.' });
  return waits;
}
