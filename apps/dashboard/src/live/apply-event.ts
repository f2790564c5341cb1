import type { QueryClient } from '@tanstack/react-query';
import type { Broadcast, DashboardMetrics, Message, Session } from '../api/types.ts';
import type { LiveEvent } from './event-connection.ts';
import { changeMessage, freshenAllMessages, freshenMessages, TOGETHER_MS } from './newest-messages.ts';

/** The API allows 100 requests for figures in 15 minutes; between them the page counts along. */
const FIGURES_EVERY_MS = 15_000;
/** The gateway tells of a broadcast once in two seconds at most. */
const BROADCASTS_MS = 1_000;

const waiting = new Map<string, ReturnType<typeof setTimeout>>();
let figuresAt = 0;

/** Asks again for what is shown of a key; several events within a moment ask once. */
function freshen(client: QueryClient, key: readonly string[], afterMs = TOGETHER_MS): void {
  const name = key.join(' ');
  if (waiting.has(name)) return;
  waiting.set(
    name,
    setTimeout(() => {
      waiting.delete(name);
      void client.invalidateQueries({ queryKey: key });
    }, afterMs),
  );
}

function freshenFigures(client: QueryClient): void {
  const sinceLast = Date.now() - figuresAt;
  figuresAt = Math.max(Date.now(), figuresAt + FIGURES_EVERY_MS);
  if (sinceLast < 0) return;
  freshen(client, ['metrics'], Math.max(TOGETHER_MS, FIGURES_EVERY_MS - sinceLast));
}

/** One message more, and the rate that follows from it, as the API rounds it. */
function count(client: QueryClient, figure: 'messagesSentToday' | 'messagesFailedToday'): void {
  client.setQueryData<DashboardMetrics>(['metrics', 'workspace'], (known) => {
    if (!known) return known;
    const counted = { ...known, [figure]: known[figure] + 1 };
    const { messagesSentToday: sent, messagesFailedToday: failed } = counted;
    return { ...counted, successRate: Math.round((sent / (sent + failed)) * 1_000) / 10 };
  });
}

const STAGES = ['queued', 'sending', 'unknown', 'sent', 'delivered', 'read', 'played'];

/** Receipts may come before the answer that they overtake: a message never goes back. */
function advanced(message: Message, state: Message['state']): Message {
  if (message.state === 'failed' || STAGES.indexOf(state) <= STAGES.indexOf(message.state)) return message;
  return { ...message, state, status: (state === 'played' ? 'read' : state) as Message['status'] };
}

const RECEIPTS: Record<string, Message['state']> = {
  'message.sent': 'sent',
  'message.delivered': 'delivered',
  'message.read': 'read',
  'message.played': 'played',
};

/** The figures that events of broadcasts tell are shown at once; what they do not tell is asked for after a moment. */
function followBroadcast(client: QueryClient, data: LiveEvent['data']): void {
  const { broadcastId, status, counts, progress } = data as unknown as Broadcast;
  const patch = (broadcast: Broadcast) =>
    broadcast.broadcastId === broadcastId ? { ...broadcast, status, counts, progress } : broadcast;
  client.setQueryData<Broadcast>(['broadcast', broadcastId], (known) => known && patch(known));
  client.setQueriesData<{ broadcasts: Broadcast[] }>(
    { queryKey: ['broadcasts'] },
    (known) => known && { ...known, broadcasts: known.broadcasts.map(patch) },
  );
  freshen(client, ['broadcast', broadcastId], BROADCASTS_MS);
  freshen(client, ['broadcasts'], BROADCASTS_MS);
}

export function applyEvent(client: QueryClient, { event, sessionId, data }: LiveEvent): void {
  const messageId = typeof data.messageId === 'string' ? data.messageId : undefined;
  if (event === 'session.status') {
    const { status, state, reason } = data as unknown as Pick<Session, 'status' | 'state' | 'reason'>;
    const patch = (session: Session) =>
      session.sessionId === sessionId ? { ...session, status, state, reason } : session;
    client.setQueryData<Session>(['session', sessionId], (known) => known && patch(known));
    client.setQueryData<{ sessions: Session[] }>(
      ['sessions'],
      (known) => known && { ...known, sessions: known.sessions.map(patch) },
    );
  }
  if (/^(?:session|connection|qr)\./.test(event)) {
    freshen(client, ['sessions']);
    freshen(client, ['session', sessionId]);
    freshenFigures(client);
    return;
  }
  const receipt = RECEIPTS[event];
  if (receipt && messageId) changeMessage(client, messageId, (message) => advanced(message, receipt));
  if (event === 'message.failed' && messageId) {
    changeMessage(client, messageId, (message) => ({ ...message, state: 'failed', status: 'failed' }));
  }
  if (event === 'message.sent' && data.source !== 'phone') {
    count(client, 'messagesSentToday');
  }
  if (event === 'message.failed') {
    count(client, 'messagesFailedToday');
  }
  if (/^(?:message|poll|media)\./.test(event)) {
    if (!receipt || event === 'message.sent') {
      // One that was recovered may be older than all that are shown, in any page.
      if (event === 'message.recovered') freshen(client, ['messages', sessionId]);
      else freshenMessages(client, sessionId, { messageId });
      freshen(client, ['chats']);
    }
    if (messageId) freshen(client, ['timeline', messageId]);
    freshenFigures(client);
  }
  if (event === 'history.progress') {
    freshen(client, ['messages', sessionId]);
    freshen(client, ['chats']);
  }
  if (event.startsWith('broadcast.')) followBroadcast(client, data);
  if (event.startsWith('contact.')) freshen(client, ['contacts']);
  if (/^(?:chat|label)\./.test(event)) freshen(client, ['chats']);
  if (event.startsWith('label.')) freshen(client, ['labels', sessionId]);
  if (event.startsWith('group.')) freshen(client, ['groups', sessionId]);
  if (event.startsWith('call.')) freshen(client, ['calls', sessionId]);
  if (event === 'session.notice') freshen(client, ['notices']);
}

/** Something may have been missed: everything that is shown is asked for again. */
export function applyGap(client: QueryClient): void {
  void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'messages' });
  freshenAllMessages(client);
}
