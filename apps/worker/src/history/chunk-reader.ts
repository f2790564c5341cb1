import { proto } from '../whatsapp/baileys.ts';

/** What a part of the history contains, one at a time. */
export type HistoryItem =
  | { is: 'message'; chatId: string; message: proto.IWebMessageInfo }
  /** After the messages of the chat. It has none of them. */
  | { is: 'chat'; chat: proto.IConversation }
  | { is: 'name'; jid: string; name: string }
  | { is: 'mapping'; pn: string; lid: string };

/** The file is no history, or it is cut off. */
export class HistoryUnreadableError extends Error {
  override name = 'HistoryUnreadableError';
}

/** Numbers of the fields that are read, of `HistorySync` and of `Conversation`. */
const SYNC = { conversations: 2, pushnames: 7, mappings: 15 } as const;
const CHAT = { id: 1, messages: 2 } as const;

/** A larger message or field is left out: nothing that is shown is as large. */
const MAX_FIELD_BYTES = 4 * 1024 * 1024;
const MAX_VARINT_BYTES = 10;
const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Reads a `HistorySync` protobuf as it is inflated. Memory holds one message and what the stream has given, never the
 * part as a whole: one of a large account is some hundred megabytes.
 *
 * @param withMessages false: reads who is who alone, which costs a tenth of the time
 * @throws {HistoryUnreadableError}
 */
export async function* readChunk(
  source: AsyncIterable<Buffer>,
  { withMessages }: { withMessages: boolean },
): AsyncGenerator<HistoryItem> {
  const bytes = new ByteStream(source);
  try {
    while (!(await bytes.isAtEnd())) {
      const { field, length } = await readTag(bytes);
      if (field === SYNC.conversations && length !== null) yield* readChat(bytes, length, withMessages);
      else if ((field === SYNC.pushnames || field === SYNC.mappings) && length !== null && length <= MAX_FIELD_BYTES)
        yield* person(field, await bytes.take(length));
      else if (length !== null) await bytes.skip(length);
    }
  } finally {
    await bytes.close();
  }
}

function* person(field: number, bytes: Buffer): Generator<HistoryItem> {
  if (field === SYNC.pushnames) {
    const { id, pushname } = proto.Pushname.decode(bytes);
    if (id && pushname) yield { is: 'name', jid: id, name: pushname };
    return;
  }
  const { pnJid, lidJid } = proto.PhoneNumberToLIDMapping.decode(bytes);
  if (pnJid && lidJid) yield { is: 'mapping', pn: pnJid, lid: lidJid };
}

async function* readChat(bytes: ByteStream, length: number, withMessages: boolean): AsyncGenerator<HistoryItem> {
  const end = bytes.position + length;
  const rest: Buffer[] = [];
  let chatId = '';
  while (bytes.position < end) {
    const tag = await readTag(bytes);
    if (tag.length === null) {
      rest.push(tag.raw);
    } else if (tag.field === CHAT.messages) {
      if (!withMessages || tag.length > MAX_FIELD_BYTES) await bytes.skip(tag.length);
      else {
        const { message } = proto.HistorySyncMsg.decode(await bytes.take(tag.length));
        if (message) yield { is: 'message', chatId, message };
      }
    } else if (tag.length > MAX_FIELD_BYTES) {
      await bytes.skip(tag.length);
    } else {
      const value = await bytes.take(tag.length);
      if (tag.field === CHAT.id) chatId = value.toString('utf8');
      rest.push(tag.raw, value);
    }
  }
  if (bytes.position > end) throw new HistoryUnreadableError('A chat of the history is longer than it says.');
  yield { is: 'chat', chat: proto.Conversation.decode(Buffer.concat(rest)) };
}

/** The tag of a field, with its value where that has a fixed length. `length`: of the bytes after it, else `null`. */
async function readTag(bytes: ByteStream): Promise<{ field: number; length: number | null; raw: Buffer }> {
  const key = await bytes.varint();
  const [field, wire] = [Math.floor(key.value / 8), key.value % 8];
  switch (wire) {
    case WIRE.varint:
      return { field, length: null, raw: Buffer.concat([key.raw, (await bytes.varint()).raw]) };
    case WIRE.fixed64:
      return { field, length: null, raw: Buffer.concat([key.raw, await bytes.take(8)]) };
    case WIRE.fixed32:
      return { field, length: null, raw: Buffer.concat([key.raw, await bytes.take(4)]) };
    case WIRE.bytes: {
      const length = await bytes.varint();
      return { field, length: length.value, raw: Buffer.concat([key.raw, length.raw]) };
    }
    default:
      throw new HistoryUnreadableError(`The history has a field of the unknown form ${wire}.`);
  }
}

/** Bytes of a stream, by their number. */
class ByteStream {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Bytes that were read. */
  position = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Ends the source, also in its middle: a reader that stops would leave its file open. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async isAtEnd(): Promise<boolean> {
    return this.#at >= this.#held.length && !(await this.#more());
  }

  /** A copy: a view would keep what the stream has given in memory. */
  async take(count: number): Promise<Buffer> {
    while (this.#held.length - this.#at < count) if (!(await this.#more())) throw cutOff();
    const taken = Buffer.from(this.#held.subarray(this.#at, this.#at + count));
    this.#advance(count);
    return taken;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      if (this.#at >= this.#held.length && !(await this.#more())) throw cutOff();
      const step = Math.min(left, this.#held.length - this.#at);
      this.#advance(step);
      left -= step;
    }
  }

  /** A number of up to 53 bits; more are not read as a number, and their bytes are kept. */
  async varint(): Promise<{ value: number; raw: Buffer }> {
    let value = 0;
    for (let count = 0; count < MAX_VARINT_BYTES; count += 1) {
      while (this.#held.length - this.#at <= count) if (!(await this.#more())) throw cutOff();
      const byte = this.#held[this.#at + count]!;
      value += (byte & 0x7f) * 2 ** (7 * count);
      if (byte < 0x80) return { value, raw: await this.take(count + 1) };
    }
    throw new HistoryUnreadableError('The history has a number without an end.');
  }

  #advance(count: number): void {
    this.#at += count;
    this.position += count;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#source.next();
    if (done) return false;
    this.#held = this.#at >= this.#held.length ? value : Buffer.concat([this.#held.subarray(this.#at), value]);
    this.#at = 0;
    return true;
  }
}

const cutOff = () => new HistoryUnreadableError('The history is cut off.');
