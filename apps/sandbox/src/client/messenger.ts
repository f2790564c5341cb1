import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { SessionCipher } from '../signal/session-cipher.ts';
import { pad, unpad } from '../signal/signal-messages.ts';
import { bareJid, formatJid, isLid, LID_SERVER, PN_SERVER, parseJid } from '../wire/jid.ts';
import { type BinaryNode, bytes, child, children, node } from '../wire/node.ts';
import type { CompanionCredentials } from './credentials.ts';
import type { DeviceStore } from './device-store.ts';
import { PeerDirectory } from './directory.ts';
import type { Link } from './link.ts';

export interface ReceivedText {
  id: string;
  /** The chat: the other account, also for copies of own messages. */
  chat: string;
  fromMe: boolean;
  text: string;
}

export class SendError extends Error {
  override readonly name = 'SendError';
}

type Linked = NonNullable<CompanionCredentials['linked']>;

/** Writes and reads 1:1 messages of a logged-in companion. */
export class Messenger {
  readonly #link: Link;
  readonly #linked: Linked;
  readonly #cipher: SessionCipher;
  readonly #directory: PeerDirectory;

  constructor(link: Link, linked: Linked, store: DeviceStore) {
    this.#link = link;
    this.#linked = linked;
    this.#cipher = new SessionCipher(store);
    this.#directory = new PeerDirectory(link, linked);
  }

  /**
   * Sends a text to all devices of an account and of our own, and waits for the server's acknowledgement.
   *
   * @param to the account, by number (`...@s.whatsapp.net`)
   */
  async sendText(to: string, text: string): Promise<string> {
    const { pn, device } = this.#linked;
    const own = formatJid({ user: pn, server: PN_SERVER, device: 0 });
    const devices = await this.#directory.devices([to, own]);
    const theirs = this.#addresses(to, devices.get(to) ?? []);
    const siblings = this.#addresses(own, devices.get(own) ?? []).filter((jid) => parseJid(jid)?.device !== device);
    if (theirs.length === 0) throw new SendError(`${to} has no devices`);
    await this.#ensureSessions([...theirs, ...siblings]);

    const message = { conversation: text };
    const copy = { deviceSentMessage: { destinationJid: to, message } };
    const participants = [
      ...this.#encryptFor(theirs, message),
      ...(to === own ? [] : this.#encryptFor(siblings, copy)),
    ];
    const id = `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
    const content = [node('participants', {}, participants)];
    if (participants.some((entry) => child(entry, 'enc')?.attrs.type === 'pkmsg')) {
      content.push(node('device-identity', {}, this.#linked.deviceIdentity));
    }
    const ack = await this.#link.ask(node('message', { id, to, type: 'text' }, content));
    if (ack.attrs.error !== undefined) throw new SendError(`the server refused the message: ${ack.attrs.error}`);
    return id;
  }

  /** Decrypts a message stanza; null when it is no text. Throws when it cannot be decrypted. */
  read(stanza: BinaryNode): ReceivedText | null {
    const { from = '', id = '', recipient } = stanza.attrs;
    this.#learnNames(stanza);
    let found: ReceivedText | null = null;
    for (const enc of children(stanza, 'enc')) {
      const { type } = enc.attrs;
      if (type !== 'pkmsg' && type !== 'msg') continue;
      const { plaintext } = this.#cipher.decrypt(this.#directory.address(from), type, bytes(enc) ?? Buffer.alloc(0));
      const message = proto.Message.decode(unpad(plaintext));
      const inner = message.deviceSentMessage?.message ?? message;
      const text = inner.conversation || inner.extendedTextMessage?.text;
      if (text) found = { id, chat: bareJid(recipient ?? from), fromMe: recipient !== undefined, text };
    }
    return found;
  }

  /** Drops the devices of an account whose identity or devices changed. They are queried before the next message. */
  forget(account: string): void {
    this.#directory.forget(bareJid(account));
  }

  #addresses(account: string, devices: readonly number[]): string[] {
    const parsed = parseJid(account);
    if (!parsed) throw new SendError(`not an address: ${account}`);
    return devices.map((device) => formatJid({ ...parsed, device }));
  }

  async #ensureSessions(jids: readonly string[]): Promise<void> {
    const missing = jids.filter((jid) => !this.#cipher.hasSession(this.#directory.address(jid)));
    if (missing.length === 0) return;
    const bundles = await this.#directory.bundles(
      missing.map((jid) => {
        const { user, server, device } = parseJid(jid)!;
        const lid = server === LID_SERVER ? user : this.#directory.lidOf(user);
        if (lid === undefined) throw new SendError(`no LID is known for ${jid}`);
        return { lid, device };
      }),
    );
    for (const [address, bundle] of bundles) this.#cipher.startOutgoing(address, bundle);
  }

  #encryptFor(jids: readonly string[], message: proto.IMessage): BinaryNode[] {
    const plaintext = Buffer.from(proto.Message.encode(message).finish());
    const known = jids.filter((jid) => this.#cipher.hasSession(this.#directory.address(jid)));
    return known.map((jid) => {
      const { type, ciphertext } = this.#cipher.encrypt(this.#directory.address(jid), pad(plaintext));
      return node('to', { jid }, [node('enc', { v: '2', type }, ciphertext)]);
    });
  }

  #learnNames(stanza: BinaryNode): void {
    const { from, sender_lid: lid, sender_pn: pn } = stanza.attrs;
    const sender = parseJid(from);
    if (!sender) return;
    const other = parseJid(isLid(from!) ? pn : lid);
    if (!other) return;
    if (sender.server === LID_SERVER) this.#directory.learn(other.user, sender.user);
    else this.#directory.learn(sender.user, other.user);
  }
}
