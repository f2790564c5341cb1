import { isLidUser, isPnUser, jidDecode, jidNormalizedUser, type WASocket } from './baileys.ts';
import type { SocketCaches } from './baileys-caches.ts';
import type { ConnectionHandlers } from './connection.ts';
import { askSpellings } from './contact-query.ts';
import { recipientNotOnWhatsApp } from './errors.ts';
import { isOfPerson } from './jids.ts';

export interface RecipientFinderOptions {
  sock: WASocket;
  caches: Pick<SocketCaches, 'answeredNames' | 'userDevicesCache'>;
  /** The account itself, by its LID or by its number. */
  ownName: (isLid: boolean) => string;
  met: ConnectionHandlers['met'];
}

/** The people whom one connection writes to: under which name, and whether they have devices to send to. */
export class RecipientFinder {
  readonly #options: RecipientFinderOptions;
  /** The questions that have no answer yet, by chat. */
  readonly #meeting = new Map<string, Promise<string>>();

  constructor(options: RecipientFinderOptions) {
    this.#options = options;
  }

  /** The name of a chat that {@link reach} would return without asking WhatsApp; `undefined`: it would ask. */
  reached(chatJid: string): string | undefined {
    if (!isOfPerson(chatJid)) return chatJid;
    const { answeredNames, userDevicesCache } = this.#options.caches;
    const name = answeredNames.get(chatJid) ?? chatJid;
    const user = jidDecode(name)?.user;
    return user !== undefined && userDevicesCache.get(user) !== undefined ? name : undefined;
  }

  /**
   * Makes sure that the chat has devices to send to. Concurrent calls for one chat share one question.
   *
   * @returns the name of the chat
   * @throws {SendRefusedError} nothing can ever be sent there; any other error: not now
   */
  async reach(chatJid: string): Promise<string> {
    const name = this.reached(chatJid);
    if (name !== undefined) return name;
    const asked = this.#meeting.get(chatJid) ?? this.#meet(chatJid).finally(() => this.#meeting.delete(chatJid));
    this.#meeting.set(chatJid, asked);
    return await asked;
  }

  async lidOf(jid: string): Promise<string> {
    if (isLidUser(jid)) return jid;
    return (await this.#options.sock.signalRepository.lidMapping.getLIDForPN(jid)) ?? jid;
  }

  async #meet(chatJid: string): Promise<string> {
    const jid = await this.#find(chatJid);
    const lid = isPnUser(jid) ? await this.lidOf(jid) : jid;
    const spellings = jid === chatJid ? {} : { spellings: [chatJid] };
    const altJid = lid === jid ? {} : { altJid: jidNormalizedUser(lid) };
    await this.#options.met({ jid, ...altJid, ...spellings, at: new Date() });
    return jid;
  }

  /**
   * In one query for a contact that is not known yet. To a number without an account Baileys would send the copy for
   * the own phone alone, and the server would accept it.
   */
  async #find(chatJid: string): Promise<string> {
    const { sock, caches } = this.#options;
    const asked = caches.answeredNames.get(chatJid) ?? chatJid;
    if (await this.#hasDevices(asked)) return asked;
    // No devices: no such account, no answer, or an account under another spelling. A second query tells them apart.
    const answer = isPnUser(asked) ? await askSpellings(sock, jidDecode(asked)!.user) : null;
    if (!answer?.jid) throw recipientNotOnWhatsApp();
    const isFound = answer.jid !== asked && (await this.#hasDevices(answer.jid));
    if (!isFound) throw new Error('WhatsApp did not name the devices of the recipient.');
    caches.answeredNames.set(chatJid, answer.jid);
    return answer.jid;
  }

  /** Asks for the devices of a person, in one query. */
  async #hasDevices(jid: string): Promise<boolean> {
    const { sock, ownName } = this.#options;
    const user = jidDecode(jid)?.user;
    const devices = await sock.getUSyncDevices([ownName(isLidUser(jid) ?? false), jid], true, false);
    return devices.some((device) => device.user === user);
  }
}
