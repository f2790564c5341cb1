import { once } from 'node:events';
import { PassThrough, pipeline, type Readable, type Transform } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { WorkFolder } from '@wa-gate/media';
import { ApiError } from '../../../http/api-error.ts';
import { createBase64Decoder, NotBase64Error } from './base64-decoder.ts';
import { type SpooledFile, spool } from './spooled-file.ts';

export interface JsonWithFilesOptions {
  workFolder: WorkFolder;
  /** Bytes of a file. */
  maxFileBytes: number;
  /** Characters of everything that is no file. */
  maxTextLength: number;
  /** Files of one body. */
  maxFiles: number;
  /** Keeps a file, and returns the text that stands for it. */
  keep: (file: SpooledFile) => string;
}

/** The member whose text is a file. */
const FILE_MEMBER = 'base64';
/** Longer than any name that is of interest here. */
const MAX_NAME = 16;
/** Escapes that base64 in JSON may have: the slash, and line breaks. */
const ESCAPED: Readonly<Record<string, string>> = { '/': '/', n: '\n', r: '\r', t: '\t' };

export const notBase64 = (field: string): ApiError =>
  new ApiError('MEDIA_UNREADABLE', {
    message: `\`${field}\` is not base64: it takes letters, digits, + and /, or - and _.`,
    details: { field },
  });
const textTooLarge = (): ApiError => new ApiError('BODY_TOO_LARGE');

/** One file in the making: text goes in, bytes go into the work folder. */
class IncomingFile {
  readonly #decoder: Transform;
  readonly #spooled: Promise<SpooledFile>;

  constructor({ workFolder, maxFileBytes }: JsonWithFilesOptions) {
    this.#decoder = createBase64Decoder();
    const bytes = new PassThrough();
    pipeline(this.#decoder, bytes, () => undefined);
    this.#spooled = spool(workFolder, bytes, { field: FILE_MEMBER, maxBytes: maxFileBytes });
    // Whoever writes hears of it; nobody may be left unheard.
    this.#spooled.catch(() => this.#decoder.destroy());
  }

  async write(text: string): Promise<void> {
    if (text === '' || this.#decoder.destroyed) return;
    if (this.#decoder.write(text)) return;
    await Promise.race([once(this.#decoder, 'drain'), this.#spooled]).catch(() => undefined);
  }

  async end(): Promise<SpooledFile> {
    if (!this.#decoder.destroyed) this.#decoder.end();
    try {
      return await this.#spooled;
    } catch (error) {
      throw error instanceof NotBase64Error ? notBase64(FILE_MEMBER) : error;
    }
  }

  abandon(): void {
    this.#decoder.destroy(new Error('the request ended'));
    this.#spooled.then((file) => file[Symbol.asyncDispose]()).catch(() => undefined);
  }
}

/**
 * Reads a JSON body whose files, the members `base64`, are too large for memory: they go into the work folder, and a
 * text that stands for each is left in their place. It does not judge the JSON: that is the parser's.
 *
 * @returns the JSON without the files
 */
export async function readJsonWithFiles(body: Readable, options: JsonWithFilesOptions): Promise<string> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  let isInString = false;
  /** The text of the string so far, while it may be a name. */
  let name: string | undefined;
  /** The last string; it is the name of a member when a colon follows. */
  let last: string | undefined;
  let isFileNext = false;
  let isEscaped = false;
  let file: IncomingFile | undefined;
  let files = 0;

  /** The rest of the piece behind the part of it that belongs to the file. */
  async function feed(piece: string, incoming: IncomingFile): Promise<string> {
    let from = 0;
    for (let index = 0; index < piece.length; index += 1) {
      const character = piece[index]!;
      if (isEscaped) {
        isEscaped = false;
        // What else is escaped is no base64, and the decoder says so.
        await incoming.write(ESCAPED[character] ?? '\\');
        from = index + 1;
      } else if (character === '\\') {
        await incoming.write(piece.slice(from, index));
        isEscaped = true;
        from = index + 1;
      } else if (character === '"') {
        await incoming.write(piece.slice(from, index));
        file = undefined;
        const spooled = await incoming.end();
        text += `${options.keep(spooled)}"`;
        return piece.slice(index + 1);
      }
    }
    await incoming.write(piece.slice(from));
    return '';
  }

  /** Takes characters up to the beginning of a file. */
  function scan(piece: string): string {
    for (let index = 0; index < piece.length; index += 1) {
      const character = piece[index]!;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (character === '\\') {
          isEscaped = true;
          name = undefined;
        } else if (character === '"') {
          isInString = false;
          last = name;
          name = undefined;
        } else if (name !== undefined) name = name.length < MAX_NAME ? name + character : undefined;
        continue;
      }
      if (character === '"') {
        if (isFileNext) {
          isFileNext = false;
          text += piece.slice(0, index + 1);
          files += 1;
          if (files > options.maxFiles)
            throw new ApiError('VALIDATION', {
              message: `The request is not valid: it has more than ${options.maxFiles} files.`,
            });
          file = new IncomingFile(options);
          return piece.slice(index + 1);
        }
        isInString = true;
        name = '';
      } else if (character === ':') isFileNext = last === FILE_MEMBER;
      else if (!/\s/.test(character)) {
        isFileNext = false;
        last = undefined;
      }
    }
    text += piece;
    return '';
  }

  async function take(given: string): Promise<void> {
    let piece = given;
    while (piece !== '') {
      piece = file ? await feed(piece, file) : scan(piece);
      if (text.length > options.maxTextLength) throw textTooLarge();
    }
  }

  try {
    for await (const chunk of body) await take(decoder.write(chunk as Buffer));
    await take(decoder.end());
    return text;
  } finally {
    file?.abandon();
  }
}
