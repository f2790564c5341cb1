import type { MessageIdentities } from '@wa-gate/contracts';
import type {
  DueDelivery,
  LeaseChange,
  LeasedWebhook,
  SessionHint,
  WantingWebhook,
  WebhookProgress,
} from '@wa-gate/messaging';
import type { Failed } from './attempt-outcome.ts';
import type { Breaker } from './breaker.ts';
import type { Channel } from './transport.ts';

/** Events that wait in memory for one webhook, at most. The others wait in PostgreSQL. */
const MAX_QUEUE = 128;
/** With so few left, the next ones are read. */
const LOW_QUEUE = 16;

/** `chat`: an event waits for the earlier ones of its chat. `session`: what is refused holds up nothing. */
export type Ordering = 'session' | 'chat';

export interface Way {
  channel: Channel;
  /** Of the endpoint, which other sessions may have in common. */
  breaker: Breaker;
}

/**
 * A webhook that this process holds: the events it has before it, and how far it has come. No input or output.
 *
 * `known` is the `seq` up to which its events were looked at, in order: by hints that join on without a gap, and by
 * reads. `unsettled` are those of them that have no durable result yet; the first one bounds the cursor. An event stays
 * in line until it was taken, or has a schedule of its own.
 */
export class HeldWebhook {
  readonly webhookId: string;
  readonly endpointId: string;
  readonly sessionId: string;
  readonly leasedBy: string;
  readonly ordering: Ordering;
  readonly channel: Channel;
  readonly breaker: Breaker;
  /** Monotonic time until which an attempt may begin. */
  deadline: number;
  /** Monotonic time of the last event, for the end of the hold. */
  lastNews: number;
  /** Monotonic time of the last write. */
  writtenAt: number;
  change: LeaseChange = 'hold';
  /** Monotonic time since which events are appended with rows again. */
  retiredAt: number | undefined;
  /** It is not held any more, or this process does not know. */
  isLost = false;
  isReading = false;
  isDelivering = false;
  isRetrying = false;
  retryAt: number | undefined;
  retryTimer: NodeJS.Timeout | undefined;
  probeTimer: NodeJS.Timeout | undefined;
  /** Of the session's last event, as the last write found it. */
  lastSeq = 0;
  /** When deliveries were last asked for again, as the last write found it. */
  replayedAt: number | null;
  /** The first event in line and why it has failed, when it may be the only one that is refused. */
  doubted: { event: DueDelivery; failure: Failed } | undefined;

  /** Hints of workers of the version before do not tell what it wants. */
  readonly #needsAllWebhooks: boolean;
  readonly #queue: DueDelivery[] = [];
  readonly #unsettled = new Set<number>();
  /** The last waiting `seq` of each chat of which an event has a schedule of its own. */
  readonly #waitingChats: Map<string, number>;
  #known: number;
  #heard = 0;
  #mustRead = true;

  constructor(leased: LeasedWebhook, { channel, breaker }: Way, deadline: number, now: number) {
    this.webhookId = leased.webhookId;
    this.endpointId = leased.endpointId;
    this.sessionId = leased.sessionId;
    this.leasedBy = leased.leasedBy;
    this.ordering = leased.ordering;
    this.replayedAt = leased.replayedAt;
    this.channel = channel;
    this.breaker = breaker;
    this.deadline = deadline;
    this.lastNews = now;
    this.writtenAt = now;
    this.#needsAllWebhooks = !leased.isPrimary || leased.hasChatFilters;
    this.#known = leased.cursor;
    this.#waitingChats = new Map(leased.waitingChats);
  }

  get known(): number {
    return this.#known;
  }

  /** There are events that only a read can bring, and room for them. */
  get wantsRead(): boolean {
    return (this.#mustRead || this.#heard > this.#known) && !this.isReading && this.#queue.length <= LOW_QUEUE;
  }

  /** Something is before it, or not durable yet. */
  get isBusy(): boolean {
    return this.#unsettled.size > 0 || this.#mustRead || this.#heard > this.#known || this.isReading || this.isRetrying;
  }

  /** The first event in line. */
  get head(): DueDelivery | undefined {
    return this.#queue[0];
  }

  /**
   * The events that one attempt takes together. With the order of chats one: the next may hang on what becomes of it.
   */
  next(): DueDelivery[] {
    return this.#queue.slice(0, this.ordering === 'chat' ? 1 : (this.channel.maxEvents ?? 1));
  }

  /**
   * Another event than the first one, to learn whether that is the only one that is refused: rather one of another
   * type. With the order of chats none that the first one holds up.
   */
  secondOpinion(): DueDelivery | undefined {
    const [head, ...others] = this.#queue;
    if (!head) return undefined;
    const may = others.filter((event) => !this.#isHeldUp(event) && !this.#isOfChatOf(event, head));
    return may.find(({ type }) => type !== head.type) ?? may[0];
  }

  /** Takes the first event out of line if an earlier one of its chat waits on its own. */
  takeHeldUp(): DueDelivery | undefined {
    const { head } = this;
    if (!head || !this.#isHeldUp(head)) return undefined;
    this.waitOnItsOwn(head);
    return head;
  }

  /** It was taken, or is given up. */
  leave(event: DueDelivery): void {
    const at = this.#queue.indexOf(event);
    if (at >= 0) this.#queue.splice(at, 1);
    if (this.doubted?.event === event) this.doubted = undefined;
  }

  /** It leaves the line and has a schedule of its own. */
  waitOnItsOwn(event: DueDelivery): void {
    this.leave(event);
    const chat = this.chatOf(event);
    if (chat !== null) this.#waitingChats.set(chat, Math.max(event.seq, this.#waitingChats.get(chat) ?? 0));
  }

  /** What waited on its own waits no longer. */
  endWait(event: DueDelivery): void {
    const chat = this.chatOf(event);
    if (chat !== null && (this.#waitingChats.get(chat) ?? 0) <= event.seq) this.#waitingChats.delete(chat);
  }

  /** The chat whose order counts; `null`: none does. A person's chat has two jids and one contact. */
  chatOf({ data }: DueDelivery): string | null {
    if (this.ordering !== 'chat') return null;
    const { chat, to, identities } = data as { chat?: string; to?: string; identities?: MessageIdentities };
    return identities?.chat?.contactId ?? chat ?? to ?? null;
  }

  #isHeldUp(event: DueDelivery): boolean {
    const chat = this.chatOf(event);
    return chat !== null && this.#waitingChats.has(chat);
  }

  #isOfChatOf(event: DueDelivery, other: DueDelivery): boolean {
    const chat = this.chatOf(event);
    return chat !== null && chat === this.chatOf(other);
  }

  /** There are events up to this `seq`; read them. */
  hear(seq: number): void {
    this.#heard = Math.max(this.#heard, seq);
  }

  /** Something does not fit: a read shows what is there, and whether it is still held. */
  doubt(): void {
    this.#mustRead = true;
  }

  /** Takes the events of a commit, or notes that they are to be read. */
  take(hint: SessionHint, wanting: Pick<WantingWebhook, 'leasedBy' | 'seqs'> | undefined): void {
    // The commit saw another lease: this one has ended, or it is a newer one that a read confirms.
    if (wanting && wanting.leasedBy !== this.leasedBy) this.doubt();
    if (hint.seq <= this.#known) return;
    if (!this.#joinsOn(hint, wanting?.seqs ?? [])) {
      this.hear(hint.seq);
      return;
    }
    for (const event of hint.events ?? []) {
      if (event.seq > this.#known && wanting?.seqs.includes(event.seq)) {
        this.#enqueue({ ...event, attempts: 0, refusals: 0 });
      }
    }
    this.#known = hint.seq;
  }

  /** The hint tells all that there is after `known`, and there is room for it. */
  #joinsOn({ firstSeq, events, hasAllWebhooks }: SessionHint, wanted: readonly number[]): boolean {
    if (this.#needsAllWebhooks && !hasAllWebhooks) return false;
    if (firstSeq === undefined || firstSeq > this.#known + 1 || (wanted.length > 0 && !events)) return false;
    if (this.isReading || this.#mustRead || this.#heard > this.#known) return false;
    return this.#queue.length + wanted.length <= MAX_QUEUE;
  }

  beginRead(): void {
    this.isReading = true;
    this.#mustRead = false;
  }

  /** @param found nothing: the read has failed and is to be repeated */
  endRead(found?: { due: readonly DueDelivery[]; upTo: number; hasMore: boolean }): void {
    this.isReading = false;
    if (!found) {
      this.#mustRead = true;
      return;
    }
    for (const delivery of found.due) if (delivery.seq > this.#known) this.#enqueue(delivery);
    this.#known = Math.max(this.#known, found.upTo);
    this.#mustRead ||= found.hasMore;
  }

  /** Begins anew behind the cursor. Results that are not durable must be none. */
  rewind(): void {
    this.#known = this.cursorWith(undefined);
    this.#queue.length = 0;
    this.#unsettled.clear();
    this.doubted = undefined;
    this.#mustRead = true;
  }

  settle(seq: number): void {
    this.#unsettled.delete(seq);
  }

  /** Up to here every wanted event has its row, when those of `written` have theirs. */
  cursorWith(written: ReadonlySet<number> | undefined): number {
    for (const seq of this.#unsettled) if (!written?.has(seq)) return seq - 1;
    return this.#known;
  }

  /** @param written events that have a final result, or a schedule of their own, with this write */
  progress(now: number, written?: ReadonlySet<number>): WebhookProgress {
    return {
      webhookId: this.webhookId,
      leasedBy: this.leasedBy,
      change: this.change,
      cursor: this.cursorWith(written),
      failures: 0,
      deliveredAgoMs: null,
      lastError: null,
      breaker: this.breaker.stored(now),
    };
  }

  #enqueue(delivery: DueDelivery): void {
    this.#queue.push(delivery);
    // In the order of seq, so that the first one is the lowest.
    this.#unsettled.add(delivery.seq);
  }
}
