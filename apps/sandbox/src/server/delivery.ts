import type { Companion } from '../accounts/account.ts';
import { acknowledgedName, messageName, type QueuedStanza } from '../accounts/stanza-queue.ts';
import { unixSeconds } from '../clock.ts';
import { type Faults, meansStanza } from '../faults/faults.ts';
import type { Phones } from '../phone/phones.ts';
import type { Recorder } from '../recorder/recorder.ts';
import { S_WHATSAPP_NET } from '../wire/jid.ts';
import { type BinaryNode, child, node } from '../wire/node.ts';
import type { Connection } from './connection.ts';
import type { ServerOptions } from './options.ts';
import type { Scheduler } from './scheduler.ts';

/** The stanzas of a backlog that the real server sends before it waits for `offline_batch`. */
const PRIMER = 5;

interface DeliveryDeps {
  readonly recorder: Recorder;
  readonly faults: Faults;
  readonly scheduler: Scheduler;
  readonly phones: Phones;
  readonly options: Pick<ServerOptions, 'historyDelayMs' | 'offlineBatches'>;
}

/** Delivers stanzas to companions. Each stays queued until it is acknowledged, and is sent again at the next login. */
export class Delivery {
  private readonly context: DeliveryDeps;
  /** Messages with a retry receipt: the nack after it belongs to the first copy, not to the next one. */
  private readonly expectedNacks = new Map<string, number>();

  constructor(context: DeliveryDeps) {
    this.context = context;
  }

  deliver(companion: Companion, stanza: BinaryNode): void {
    const entry = companion.queue.push(stanza);
    if (companion.link?.isActive) this.sendNow(companion, entry);
  }

  /** Delivers presence and typing, which are not queued. */
  deliverIfOnline(companion: Companion, stanza: BinaryNode): void {
    if (companion.link?.isActive) companion.link.send(stanza);
  }

  /** Something has changed in a way that a companion is not told. It learns so now or with its next login. */
  markDirty(companion: Companion, type: string): void {
    companion.dirty.set(type, unixSeconds());
    companion.save();
    if (companion.link?.isActive) companion.link.send(dirtyNode(companion, type));
  }

  /** The client is ready (`passive active`): sends the backlog, then live traffic. */
  activate(connection: Connection, companion: Companion): void {
    if (connection.isActive) return;
    const backlog = companion.queue.values();
    if (backlog.length) {
      const count = (tag: string) => String(backlog.filter(({ node: { tag: own } }) => own === tag).length);
      connection.send(
        node('ib', { from: S_WHATSAPP_NET }, [
          node('offline_preview', {
            count: String(backlog.length),
            message: count('message'),
            receipt: count('receipt'),
            notification: count('notification'),
            appdata: '0',
          }),
        ]),
      );
    }
    const size = this.context.options.offlineBatches && backlog.length > PRIMER ? PRIMER : backlog.length;
    this.sendBacklog(connection, companion, { entries: backlog, from: 0, size });
  }

  /** `ib` from the client: only the request for the next batch of the backlog needs an answer. */
  infoFrom(connection: Connection, companion: Companion, stanza: BinaryNode): void {
    const batch = child(stanza, 'offline_batch');
    const waiting = this.unsent.get(connection);
    if (!batch || !waiting) return;
    this.unsent.delete(connection);
    this.sendBacklog(connection, companion, { ...waiting, size: Math.max(1, Number(batch.attrs.count) || 1) });
  }

  /** Handles an `<ack>`: removes the stanza from the queue. An ack of class message with an error is a nack. */
  acknowledged(companion: Companion, attrs: Record<string, string>): void {
    const { class: kind = '', id = '' } = attrs;
    this.context.recorder.ack({
      device: companion.key,
      class: kind,
      id,
      type: attrs.type ?? null,
      error: attrs.error ?? null,
      chat: attrs.to ?? null,
    });
    if (kind === 'message' && this.isExpectedNack(companion, id)) return;
    this.settle(companion, acknowledgedName(attrs));
  }

  /** Removes a received message from the queue. @returns whether it was queued */
  received(companion: Companion, id: string): boolean {
    return this.settle(companion, messageName(id));
  }

  /** The client requests a message again: removes the present copy from the queue. */
  retryRequested(companion: Companion, id: string): void {
    this.settle(companion, messageName(id));
    const key = `${companion.key} ${id}`;
    this.expectedNacks.set(key, (this.expectedNacks.get(key) ?? 0) + 1);
    const oldest = this.expectedNacks.keys().next();
    if (this.expectedNacks.size > 10_000 && !oldest.done) this.expectedNacks.delete(oldest.value);
  }

  private readonly unsent = new WeakMap<Connection, { entries: QueuedStanza[]; from: number }>();

  private sendBacklog(
    connection: Connection,
    companion: Companion,
    { entries, from, size }: { entries: QueuedStanza[]; from: number; size: number },
  ): void {
    const end = Math.min(entries.length, from + size);
    for (let i = from; i < end; i++) {
      const stanza = entries[i]!.node;
      connection.send({ ...stanza, attrs: { ...stanza.attrs, offline: String(i) } });
    }
    if (end < entries.length) {
      this.unsent.set(connection, { entries, from: end });
      return;
    }
    connection.isActive = true;
    const last = entries.at(-1)?.seq ?? 0;
    for (const type of companion.dirty.keys()) connection.send(dirtyNode(companion, type));
    connection.send(node('ib', { from: S_WHATSAPP_NET }, [node('offline', { count: String(entries.length) })]));
    // Stanzas that were queued during the batches are not part of the backlog.
    for (const entry of companion.queue.values()) if (entry.seq > last) this.sendNow(companion, entry);
    if (!companion.historySent) this.greet(connection, companion);
  }

  /**
   * Sends the key share and history of a first login. The client misses them when they come before it has handled `ib
   * offline`.
   */
  private greet(connection: Connection, companion: Companion): void {
    companion.historySent = true;
    companion.save();
    this.context.scheduler.later(this.context.options.historyDelayMs, () => {
      if (connection.isOpen) {
        this.context.phones.of(companion.account).greet(companion.id);
        return;
      }
      companion.historySent = false;
      companion.save();
    });
  }

  private sendNow(companion: Companion, entry: QueuedStanza): void {
    const { faults, scheduler } = this.context;
    const { link } = companion;
    if (!link) return;
    const { tag } = entry.node;
    const redeliver = faults.idle
      ? null
      : faults.take('redeliver', companion.key, (fault) => meansStanza(fault, 'to', tag));
    if (redeliver) {
      entry.ignoredAcks++;
      scheduler.later(redeliver.ms ?? 1000, () => companion.link?.isActive && companion.link.send(entry.node));
    }
    link.send(entry.node);
  }

  private settle(companion: Companion, name: string): boolean {
    const entry = companion.queue.get(name);
    if (!entry) return false;
    if (entry.ignoredAcks > 0) entry.ignoredAcks--;
    else companion.queue.remove(name);
    return true;
  }

  private isExpectedNack(companion: Companion, id: string): boolean {
    const key = `${companion.key} ${id}`;
    const expected = this.expectedNacks.get(key) ?? 0;
    if (expected === 0) return false;
    if (expected === 1) this.expectedNacks.delete(key);
    else this.expectedNacks.set(key, expected - 1);
    return true;
  }
}

const dirtyNode = ({ dirty }: Companion, type: string): BinaryNode =>
  node('ib', { from: S_WHATSAPP_NET }, [node('dirty', { type, timestamp: String(dirty.get(type)) })]);
