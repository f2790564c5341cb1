import type {
  DueDelivery,
  LeaseChange,
  LeasedWebhook,
  SessionHint,
  WantingWebhook,
  WebhookProgress,
} from '@wa-gate/messaging';
import type { Endpoint } from './webhook-client.ts';
import type { Signer } from './webhook-request.ts';

/** Events that wait in memory for one webhook, at most. The others wait in PostgreSQL. */
const MAX_QUEUE = 128;
/** With so few left, the next ones are read. */
const LOW_QUEUE = 16;

/**
 * A webhook that this process holds: the events it has before it, and how far it has come. No input or output.
 *
 * `known` is the `seq` up to which its events were looked at, in order: by hints that join on without a gap, and by
 * reads. `unsettled` are those of them that have no durable result yet; the first one bounds the cursor.
 */
export class HeldWebhook {
  readonly webhookId: string;
  readonly endpointId: string;
  readonly sessionId: string;
  readonly leasedBy: string;
  readonly endpoint: Endpoint;
  readonly signer: Signer;
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
  /** Of the session's last event, as the last write found it. */
  lastSeq = 0;

  /** Hints of workers of the version before do not tell what it wants. */
  readonly #needsAllWebhooks: boolean;
  readonly #queue: DueDelivery[] = [];
  readonly #unsettled = new Set<number>();
  #known: number;
  #heard = 0;
  #mustRead = true;

  constructor(leased: LeasedWebhook, endpoint: Endpoint, signer: Signer, deadline: number, now: number) {
    this.webhookId = leased.webhookId;
    this.endpointId = leased.endpointId;
    this.sessionId = leased.sessionId;
    this.leasedBy = leased.leasedBy;
    this.endpoint = endpoint;
    this.signer = signer;
    this.deadline = deadline;
    this.lastNews = now;
    this.writtenAt = now;
    this.#needsAllWebhooks = !leased.isPrimary || leased.hasChatFilters;
    this.#known = leased.cursor;
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

  /** Takes the next event for its first attempt. */
  next(): DueDelivery | undefined {
    return this.#queue.shift();
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
      if (event.seq > this.#known && wanting?.seqs.includes(event.seq)) this.#enqueue({ ...event, attempts: 0 });
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

  settle(seq: number): void {
    this.#unsettled.delete(seq);
  }

  /** Up to here every wanted event has its row, when those of `written` have theirs. */
  cursorWith(written: ReadonlySet<number> | undefined): number {
    for (const seq of this.#unsettled) if (!written?.has(seq)) return seq - 1;
    return this.#known;
  }

  progress(written?: ReadonlySet<number>): WebhookProgress {
    return {
      webhookId: this.webhookId,
      leasedBy: this.leasedBy,
      change: this.change,
      cursor: this.cursorWith(written),
      failures: 0,
      lastError: null,
      deliveredAgoMs: null,
    };
  }

  #enqueue(delivery: DueDelivery): void {
    this.#queue.push(delivery);
    // In the order of seq, so that the first one is the lowest.
    this.#unsettled.add(delivery.seq);
  }
}
