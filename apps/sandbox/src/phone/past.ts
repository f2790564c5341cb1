import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { unixSeconds } from '../clock.ts';
import { encryptMedia } from '../signal/media-crypto.ts';
import { isGroup } from '../wire/jid.ts';
import type { PhoneCore } from './core.ts';
import { textMessage } from './kinds/text.ts';
import { publish } from './media.ts';

/** A message that a phone has from before, or that its companions have missed. */
export interface PastMessage {
  id: string;
  fromMe: boolean;
  /** Number of the author. */
  from: string;
  /** Unix seconds. */
  at: number;
  message: proto.IMessage;
}

/** A message as the control API gives it. */
export interface GivenMessage {
  id?: string | undefined;
  fromMe?: boolean | undefined;
  /** Number of the author, in a group. */
  from?: string | undefined;
  text: string;
  /** Unix seconds. */
  at: number;
  /** Base64 of a picture; the text is its caption. */
  image?: string | undefined;
}

/** A chat as the control API gives it: messages, or how many there are to be. */
export interface GivenChat {
  /** Number or group jid. */
  chat: string;
  messages?: GivenMessage[] | undefined;
  count?: number | undefined;
  /** Seconds between two of them, back from `newestAt`. */
  stepSeconds?: number | undefined;
  /** Unix seconds. */
  newestAt?: number | undefined;
}

interface MadeChat {
  chat: string;
  given: { id: string; fromMe: boolean; from: string; at: number; message: string }[];
  count: number;
  stepSeconds: number;
  newestAt: number;
}

/** How the phone sends its history. */
export interface HistoryManner {
  /** Messages of one chunk. */
  chunkMessages: number;
  /** Chunks come in the wrong order, and one of them twice. */
  isDisordered: boolean;
}

interface StoredPast extends HistoryManner {
  chats: MadeChat[];
}

const DEFAULT: StoredPast = { chats: [], chunkMessages: 5_000, isDisordered: false };
const STEP_SECONDS = 600;

/** What a phone has from the time before its companions, besides its list of messages. */
export class PhonePast {
  private readonly phone: PhoneCore;
  private stored: StoredPast;

  constructor(phone: PhoneCore) {
    this.phone = phone;
    const bytes = phone.deps.journal.read(this.key);
    this.stored = bytes ? (JSON.parse(bytes.toString('utf8')) as StoredPast) : DEFAULT;
  }

  get manner(): HistoryManner {
    return this.stored;
  }

  /** The chats, by number or group jid. */
  get chats(): string[] {
    return [...new Set(this.stored.chats.map(({ chat }) => chat))];
  }

  async add(chats: readonly GivenChat[], manner: Partial<HistoryManner>): Promise<void> {
    const made: MadeChat[] = [];
    for (const given of chats) made.push(await this.make(given));
    this.stored = { ...this.stored, ...manner, chats: [...this.stored.chats, ...made] };
    this.phone.deps.journal.touch(this.key, () => Buffer.from(JSON.stringify(this.stored)));
  }

  erase(): void {
    this.stored = DEFAULT;
    this.phone.deps.journal.touch(this.key, () => null);
  }

  /** The messages of a chat, newest first; generated ones are made when they are read. */
  *of(chat: string): Generator<PastMessage> {
    const own = this.phone.account.number;
    for (const [index, made] of this.stored.chats.entries()) {
      if (made.chat !== chat) continue;
      for (const { message, ...given } of made.given)
        yield { ...given, message: proto.Message.decode(Buffer.from(message, 'base64')) };
      for (let n = 0; n < made.count; n++) {
        const fromMe = n % 3 === 0;
        yield {
          id: `3A${index.toString(16).padStart(4, '0')}${n.toString(16).padStart(14, '0')}`.toUpperCase(),
          fromMe,
          from: fromMe || isGroup(chat) ? own : chat,
          at: made.newestAt - n * made.stepSeconds,
          message: textMessage(`Past message ${n + 1}`),
        };
      }
    }
  }

  private async make({ chat, messages = [], count = 0, stepSeconds, newestAt }: GivenChat): Promise<MadeChat> {
    const own = this.phone.account.number;
    const given: MadeChat['given'] = [];
    for (const [n, one] of messages.toSorted((a, b) => b.at - a.at).entries()) {
      const fromMe = one.fromMe ?? false;
      const message = await this.compose(one);
      given.push({
        id: one.id ?? `3B${one.at.toString(16).padStart(10, '0')}${n.toString(16).padStart(8, '0')}`.toUpperCase(),
        fromMe,
        from: fromMe ? own : (one.from ?? chat),
        at: one.at,
        message: Buffer.from(proto.Message.encode(message).finish()).toString('base64'),
      });
    }
    return { chat, given, count, stepSeconds: stepSeconds ?? STEP_SECONDS, newestAt: newestAt ?? unixSeconds() - 60 };
  }

  private async compose({ text, image }: GivenMessage): Promise<proto.IMessage> {
    if (image === undefined) return textMessage(text);
    const { enc, ...media } = encryptMedia(Buffer.from(image, 'base64'), 'image');
    return {
      imageMessage: { ...(await publish(this.phone.deps, enc)), ...media, mimetype: 'image/jpeg', caption: text },
    };
  }

  private get key(): string {
    return `past/${this.phone.account.number}`;
  }
}
