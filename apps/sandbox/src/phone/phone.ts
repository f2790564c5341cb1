import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Account, Companion, DeviceRef } from '../accounts/account.ts';
import { keyOf } from '../accounts/device-key.ts';
import { StanzaQueue } from '../accounts/stanza-queue.ts';
import { SandboxError } from '../errors.ts';
import type { AppStateMutation } from '../signal/app-state.ts';
import { MediaError, type MediaKind } from '../signal/media-crypto.ts';
import { groupDecrypt, processDistribution } from '../signal/sender-key.ts';
import { DuplicateMessageError, SessionCipher } from '../signal/session-cipher.ts';
import { unpad } from '../signal/signal-messages.ts';
import { isGroup, isLid } from '../wire/jid.ts';
import { type BinaryNode, bytes, children } from '../wire/node.ts';
import { wrongAnnouncement } from './announcement.ts';
import { describeFor } from './ballots.ts';
import { applyChange } from './changes.ts';
import type { PhoneCore, PhoneDeps } from './core.ts';
import { describe, unwrap } from './describe.ts';
import { Inbox, type InboxEntry, secretOf } from './inbox.ts';
import { PhoneKeys } from './keys.ts';
import { answerMediaRetry } from './media-retry.ts';
import { openFile } from './open-file.ts';
import { PhoneOutbox } from './outbox.ts';
import { PhonePast } from './past.ts';
import { PhonePeer } from './peer.ts';
import { PhoneReceipts, type ReceiptSettings } from './receipts.ts';
import { applySettings, PhoneSettingsView } from './settings.ts';

export interface AutoReply {
  /** The text of the answer; `{text}` is replaced by the received text. */
  text: string;
  delayMs: number;
}

export interface PhoneSettings {
  online: boolean;
  receipts: ReceiptSettings;
  autoReply: AutoReply | null;
  /** False: acknowledges without decrypting, for load tests. */
  decrypt: boolean;
}

/** A presence or typing state that this phone has received. */
interface SeenPresence {
  from: string;
  state: string;
  at: number;
}

/** The result of decrypting one copy of a message. */
interface Reading {
  message: proto.IMessage | null;
  duplicate: boolean;
}

const DEFAULT_SETTINGS: Omit<PhoneSettings, 'decrypt'> = {
  online: true,
  receipts: { deliveredMs: 150, readMs: null },
  autoReply: null,
};

/**
 * The simulated phone of an account: the primary device with its own Signal identity. It decrypts received messages,
 * shows each message once, sends receipts after a delay, and sends any message on request.
 */
export class Phone implements PhoneCore {
  readonly account: Account;
  readonly inbox: Inbox;
  readonly keys: PhoneKeys;
  readonly cipher: SessionCipher;
  readonly outbox: PhoneOutbox;
  readonly receipts: PhoneReceipts;
  readonly past: PhonePast;
  readonly deps: PhoneDeps;
  settings: PhoneSettings;
  readonly seen = new Map<string, SeenPresence>();
  readonly shared = new PhoneSettingsView();
  private readonly peer: PhonePeer;
  /** The stanzas that arrived while the phone was offline. */
  private readonly backlog: StanzaQueue;
  private gone = false;

  constructor(account: Account, deps: PhoneDeps) {
    const { number } = account;
    const { journal } = deps;
    this.account = account;
    this.deps = deps;
    this.keys = new PhoneKeys(number, journal, (address) => deps.directory.companion(address)?.identityKey ?? null);
    this.cipher = new SessionCipher(this.keys);
    this.inbox = new Inbox(number, journal, deps.inboxLimit);
    this.backlog = new StanzaQueue(journal, `queue/${number}/0/`);
    this.outbox = new PhoneOutbox(this);
    this.receipts = new PhoneReceipts(this, () => this.settings.receipts);
    this.past = new PhonePast(this);
    this.peer = new PhonePeer(this, this.outbox, this.past);
    const stored = journal.read(`phone/${number}`);
    this.settings = stored
      ? (JSON.parse(stored.toString('utf8')) as PhoneSettings)
      : { ...DEFAULT_SETTINGS, decrypt: deps.decrypt };
  }

  get self(): DeviceRef {
    return { account: this.account, device: 0 };
  }

  save(): void {
    this.deps.journal.touch(`phone/${this.account.number}`, () =>
      this.gone ? null : Buffer.from(JSON.stringify(this.settings)),
    );
  }

  configure(change: Partial<PhoneSettings>): void {
    const wasOnline = this.settings.online;
    this.settings = { ...this.settings, ...change };
    this.save();
    if (!wasOnline && this.settings.online) this.catchUp();
  }

  /** After a restart: schedules the receipts that are still due. */
  resume(): void {
    this.receipts.resume();
  }

  /** A message stanza addressed to this phone. */
  receive(stanza: BinaryNode): void {
    if (this.settings.online) this.process(stanza);
    else this.backlog.push(stanza);
  }

  /** Sends the history and keys that a freshly linked companion waits for. */
  greet(companionId: number): void {
    this.peer.greet(companionId);
  }

  /** A device of the account has changed settings that all share. */
  settingsChanged(mutations: readonly AppStateMutation[]): void {
    applySettings(this, this.shared, mutations);
  }

  /** Handles a request of a companion for a file that is missing on the media host. */
  uploadAgain(companion: Companion, request: BinaryNode): void {
    answerMediaRetry(this, companion, request).catch((error: unknown) =>
      this.deps.log.warn({ err: error }, 'media could not be uploaded again'),
    );
  }

  /** The decrypted file of a message in the inbox. */
  async openMedia(entry: InboxEntry): Promise<Buffer> {
    const { media } = entry;
    if (!media)
      throw new SandboxError(409, 'NO_MEDIA', `Message ${entry.id} is of type ${entry.type} and has no file.`);
    const enc = await this.deps.media.read(media.path);
    if (!enc)
      throw new SandboxError(410, 'MEDIA_GONE', `The file of message ${entry.id} is not on the media host (any more).`);
    try {
      return openFile(enc, media, entry.type === 'text' ? 'thumbnail-link' : (entry.type as MediaKind));
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.deps.recorder.violation(
        `${entry.from}:${entry.fromDevice}`,
        'media-refused',
        `${entry.id}: ${error.message}`,
      );
      throw new SandboxError(422, 'MEDIA_REFUSED', `No phone shows the file of message ${entry.id}: ${error.message}.`);
    }
  }

  /** Replaces the identity and drops the sessions, as a new installation does. */
  resetIdentity(): void {
    this.keys.reset();
    this.outbox.reset();
  }

  erase(): void {
    this.gone = true;
    this.save();
    this.keys.erase();
    this.inbox.clear();
    this.past.erase();
    this.outbox.erase();
    this.backlog.clear();
  }

  /** Deletes its messages but keeps keys and sessions. */
  clearMessages(): void {
    this.inbox.clear();
    this.past.erase();
    this.seen.clear();
    this.shared.clear();
  }

  private catchUp(): void {
    const waiting = this.backlog.values();
    this.backlog.clear();
    for (const { node } of waiting) this.process(node);
  }

  private process(stanza: BinaryNode): void {
    const { from = '', participant, id = '', category } = stanza.attrs;
    const sender = this.deps.directory.resolve(participant ?? from);
    if (!sender) return; // its account was deleted meanwhile
    const reading = this.settings.decrypt ? this.read(stanza, sender, isGroup(from) ? from : null) : null;
    if (category === 'peer') {
      if (reading?.message) this.peer.handle(reading.message, sender.device, id);
      return;
    }
    if (reading && !reading.message && !reading.duplicate) return; // unreadable, or nothing but a sender key
    this.show(stanza, sender, id, reading);
  }

  private show(stanza: BinaryNode, sender: DeviceRef, id: string, reading: Reading | null): void {
    const known = this.inbox.find(sender.account.number, id);
    if (known) {
      known.wireCount++;
      this.inbox.save(known);
      this.receipts.schedule(known, stanza);
      return;
    }
    const outer = reading?.message ?? null;
    const sent = outer?.deviceSentMessage?.message;
    const description = outer
      ? describeFor(this, sender.account, sent ?? outer)
      : { type: 'unread', text: null, media: null, details: {} };
    if (!description) return;
    const entry = this.inbox.add({
      id,
      from: sender.account.number,
      fromDevice: sender.device,
      fromMe: sender.account === this.account,
      chat: this.chatOf(stanza, sender),
      addressing: addressingOf(stanza),
      encryption: children(stanza, 'enc').at(-1)?.attrs.type ?? null,
      wireCount: 1,
      at: Date.now(),
      pushName: stanza.attrs.notify ?? null,
      receipts: { delivered: [], read: [], played: [] },
      owes: [],
      ...secretOf(sent ?? outer ?? {}),
      ...description,
    });
    if (outer) applyChange(this, unwrap(sent ?? outer), { from: entry.from, edit: stanza.attrs.edit });
    this.receipts.schedule(entry, stanza);
    if (!entry.fromMe && !isGroup(entry.chat)) this.deps.server().shown(sender.account, this.account, entry.text);
    this.answer(entry, sender);
  }

  private chatOf(stanza: BinaryNode, sender: DeviceRef): string {
    const { from = '', recipient } = stanza.attrs;
    if (isGroup(from)) return from;
    if (sender.account !== this.account) return sender.account.number;
    return this.deps.directory.resolve(recipient)?.account.number ?? this.account.number;
  }

  /** Decrypts every part of a stanza. The result has a message when there is something to show. */
  private read(stanza: BinaryNode, sender: DeviceRef, group: string | null): Reading {
    const reading: Reading = { message: null, duplicate: false };
    const { recorder } = this.deps;
    const { number } = this.account;
    const { id = '', category } = stanza.attrs;
    if (sender.device !== 0 && this.deps.server().failsToRead(number)) {
      this.cannotRead(stanza, sender, 'fault', 'fault unreadable');
      return reading;
    }
    for (const part of children(stanza)) {
      if (part.tag !== 'enc' && part.tag !== 'plaintext') continue;
      try {
        const message = recorder.cpu.span('phone', () => this.open(part, sender, group));
        const distribution = message.senderKeyDistributionMessage;
        if (distribution?.groupId) this.learnSenderKey(distribution, sender);
        if (sender.device !== 0) this.checkAnnouncement(stanza, part, message, sender);
        const shows = describe(message.deviceSentMessage?.message ?? message) !== null;
        if (shows || category === 'peer') reading.message = message;
      } catch (error) {
        if (error instanceof DuplicateMessageError) {
          reading.duplicate = true;
          continue;
        }
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        this.cannotRead(stanza, sender, part.attrs.type ?? '', reason);
        return { message: null, duplicate: false };
      }
    }
    if (reading.message) recorder.readable(number, keyOf(sender), id);
    return reading;
  }

  /** What a stanza says about its file goes to phones that are asleep: as what it is announced to its owner. */
  private checkAnnouncement(stanza: BinaryNode, part: BinaryNode, message: proto.Message, sender: DeviceRef): void {
    const wrong = wrongAnnouncement(stanza, part, message.deviceSentMessage?.message ?? message);
    if (wrong) this.deps.recorder.violation(keyOf(sender), 'media-announcement', `${stanza.attrs.id ?? ''}: ${wrong}`);
  }

  private cannotRead(stanza: BinaryNode, sender: DeviceRef, encryption: string, error: string): void {
    const { number } = this.account;
    this.deps.recorder.unreadable({ phone: number, from: keyOf(sender), id: stanza.attrs.id ?? '', encryption, error });
    this.receipts.askAgain(stanza, sender);
  }

  private open(part: BinaryNode, sender: DeviceRef, group: string | null): proto.Message {
    const payload = bytes(part) ?? Buffer.alloc(0);
    if (part.tag === 'plaintext') return proto.Message.decode(payload);
    const address = keyOf(sender);
    const { type } = part.attrs;
    if (type === 'skmsg' && group) {
      const { plaintext } = groupDecrypt(this.keys.senderKey(group, address), payload);
      this.keys.saveSenderKey(group, address);
      return proto.Message.decode(unpad(plaintext));
    }
    if (type !== 'pkmsg' && type !== 'msg') throw new TypeError(`unknown encryption ${type}`);
    return proto.Message.decode(unpad(this.cipher.decrypt(address, type, payload).plaintext));
  }

  private learnSenderKey(distribution: proto.Message.ISenderKeyDistributionMessage, sender: DeviceRef): void {
    const group = distribution.groupId!;
    const record = this.keys.senderKey(group, keyOf(sender));
    processDistribution(record, Buffer.from(distribution.axolotlSenderKeyDistributionMessage ?? []));
    this.keys.saveSenderKey(group, keyOf(sender));
  }

  /** Answers companions only: two phones would answer each other without end. */
  private answer(entry: InboxEntry, sender: DeviceRef): void {
    const { autoReply } = this.settings;
    if (!autoReply || sender.device === 0 || entry.fromMe || entry.type !== 'text' || isGroup(entry.chat)) return;
    const text = autoReply.text.replaceAll('{text}', entry.text ?? '');
    this.deps.server().later(autoReply.delayMs, () => {
      this.outbox
        .send({ to: sender.account.number, type: 'text', text, addressing: entry.addressing })
        .catch((error: unknown) => this.deps.log.warn({ err: error }, 'automatic reply failed'));
    });
  }
}

function addressingOf(stanza: BinaryNode): 'pn' | 'lid' {
  const { addressing_mode: mode, participant, from = '' } = stanza.attrs;
  if (mode === 'lid' || mode === 'pn') return mode;
  return isLid(participant ?? from) ? 'lid' : 'pn';
}
