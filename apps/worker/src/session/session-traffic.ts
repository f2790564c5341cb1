import type { CallDesk } from '../calls/call-desk.ts';
import type { ChatSettingsFeed } from '../chats/chat-settings-feed.ts';
import type { ContactFeed } from '../contacts/contact-feed.ts';
import type { LiveEvents } from '../control/live-events.ts';
import type { GroupFeed } from '../groups/group-feed.ts';
import type { HistoryIntake } from '../history/history-intake.ts';
import type { Projector } from '../inbox/projector.ts';
import type { Downloads } from '../media/downloads.ts';
import type { Dispatcher } from '../outbox/dispatcher.ts';
import type { SessionSettingsBook } from '../settings/session-settings-book.ts';

/**
 * Where the acks, receipts, messages, contacts, groups and answers about files of a connection go. Sending is allowed
 * between `opened` and `closed`.
 */
export interface SessionTraffic {
  outbox: Pick<Dispatcher, 'opened' | 'closed' | 'acknowledged' | 'receipts' | 'sentMessage'>;
  inbox: Pick<Projector, 'accept'>;
  calls: Pick<CallDesk, 'hear'>;
  contacts: Pick<ContactFeed, 'add' | 'tell' | 'happened'>;
  downloads: Pick<Downloads, 'answered'>;
  chats: Pick<ChatSettingsFeed, 'progress' | 'store' | 'labels' | 'read'>;
  history: Pick<HistoryIntake, 'accept'>;
  groups: Pick<GroupFeed, 'noticed' | 'known' | 'described' | 'gone' | 'doubted'>;
  live: LiveEvents;
  settings: Pick<SessionSettingsBook, 'of' | 'learn'>;
}
