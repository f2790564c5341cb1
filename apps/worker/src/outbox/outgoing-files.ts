import type { Pool } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import { leavePreviewPictureOut, type OutboxItem } from '@wa-gate/messaging';
import type { FileToUpload } from '../content/codec.ts';
import type { OutboundContent } from '../content/outbound.ts';
import { UploadRefusedError } from '../media/upload-errors.ts';
import type { UploadedFile } from '../media/uploaded-file.ts';
import type { Uploads } from '../media/uploads.ts';
import { isChannel } from '../whatsapp/jids.ts';
import { type Refusal, SEND_FAILED } from './refusals.ts';
import type { FileOfRow, SendWindow } from './send-window.ts';

export interface OutgoingFilesDependencies {
  pool: Pool;
  logger: Logger;
  uploads: Pick<Uploads, 'upload'>;
  content: Pick<OutboundContent, 'upload'>;
}

/** What becomes of a message when the upload of its file has ended. */
export type AfterUpload =
  /** It goes; a text whose preview has a picture that cannot be uploaded goes without the picture. */
  | { next: 'send'; item: OutboxItem }
  /** It can never be sent. */
  | { next: 'fail'; refusal: Refusal }
  /** Whether its row has the picture is not known: the row is to be read again. */
  | { next: 'pause' };

/** The files of claimed messages. Each is uploaded before its message can be built. */
export class OutgoingFiles {
  readonly #deps: OutgoingFilesDependencies;

  constructor(deps: OutgoingFilesDependencies) {
    this.#deps = deps;
  }

  /** The file of a message, if it has one. Channels get it unencrypted. */
  fileOf({ request, chatJid }: Pick<OutboxItem, 'request' | 'chatJid'>): FileToUpload | undefined {
    const needed = request.type === 'change' ? undefined : this.#deps.content.upload(request);
    return needed && isChannel(chatJid) ? { ...needed, isPlain: true } : needed;
  }

  /** Whether the file of a message has yet to be uploaded. A message that is kept as bytes names its file in them. */
  isMissing({ files }: Pick<SendWindow, 'files'>, item: OutboxItem): boolean {
    return item.payload === null && !files.get(item.messageId)?.uploaded && this.fileOf(item) !== undefined;
  }

  /** Begins the upload over the connection of the window, once for each message. */
  begin({ owner, connection, files, uploads }: SendWindow, item: OutboxItem): void {
    const needed = this.fileOf(item);
    if (!needed || files.has(item.messageId)) return;
    const uploading = this.#deps.uploads.upload({ owner, connection, signal: uploads.signal }, needed);
    const file: FileOfRow = { uploading };
    files.set(item.messageId, file);
    uploading.then(
      (uploaded) => {
        file.uploaded = uploaded;
      },
      // Whoever awaits it says why.
      () => undefined,
    );
  }

  /**
   * Resolves when the upload of a message's file has ended.
   *
   * @param isWaiting whether the message still waits for it: nothing is written for one that was given back meanwhile
   * @returns `null`: it does not wait any more
   */
  async settled(window: SendWindow, item: OutboxItem, isWaiting: () => boolean): Promise<AfterUpload | null> {
    const { files, uploads, owner } = window;
    const { messageId, waMessageId } = item;
    try {
      await files.get(messageId)?.uploading;
    } catch (error) {
      if (uploads.signal.aborted) return null;
      this.#deps.logger.warn({ err: error, ...owner, waMessageId }, 'file not uploaded');
      if (!isWaiting()) return null;
      const refusal = error instanceof UploadRefusedError ? { code: error.code, sentence: error.message } : SEND_FAILED;
      const after = await this.#withoutFile(window, item, refusal);
      return isWaiting() ? after : null;
    }
    return isWaiting() ? { next: 'send', item } : null;
  }

  /** Where the file of a message is. Asked for once: the bytes of the message name it then. */
  take({ files }: Pick<SendWindow, 'files'>, { messageId }: Pick<OutboxItem, 'messageId'>): UploadedFile | undefined {
    const file = files.get(messageId)?.uploaded;
    files.delete(messageId);
    return file;
  }

  /** Only a text can go without its file: the picture of its preview is left out, which its row says. */
  async #withoutFile({ owner, files }: SendWindow, item: OutboxItem, refusal: Refusal): Promise<AfterUpload> {
    if (!this.fileOf(item)?.isPreview) return { next: 'fail', refusal };
    const { messageId, waMessageId } = item;
    files.delete(messageId);
    const { code, sentence } = refusal;
    const told = { code, message: sentence, at: new Date() };
    const request = await leavePreviewPictureOut(this.#deps.pool, owner, messageId, told).catch((error: unknown) => {
      this.#deps.logger.warn({ err: error, ...owner, waMessageId }, 'picture of a preview not left out, trying again');
      return null;
    });
    return request ? { next: 'send', item: { ...item, request } } : { next: 'pause' };
  }
}
