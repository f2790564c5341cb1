/** A file that can never be uploaded as it is. The user gets the code and the sentence. */
export class UploadRefusedError extends Error {
  override name = 'UploadRefusedError';
  readonly code: string;

  constructor(code: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}

/** What the media host answered instead of an address. */
export class HostAnswerError extends Error {
  override name = 'HostAnswerError';
  readonly status: number;

  constructor(status: number, words: string) {
    super(`HTTP ${status}${words ? `: ${words}` : ''}`);
    this.status = status;
  }
}

export const fileGone = (cause?: unknown) =>
  new UploadRefusedError(
    'MEDIA_NOT_FOUND',
    'The file of this message is not in the media store any more. Upload it again and send a new message; nothing was sent.',
    { cause },
  );

export const fileChanged = () =>
  new UploadRefusedError(
    'MEDIA_UNREADABLE',
    'The file in the media store is not the one that was accepted: its bytes have changed. Upload it again; nothing was sent.',
  );

export const tooLargeForHost = (maxBytes: number) =>
  new UploadRefusedError(
    'MEDIA_TOO_LARGE',
    `WhatsApp takes files of at most ${maxBytes} bytes. Send a smaller one; nothing was sent.`,
  );

export const refusedByHost = (cause: HostAnswerError) =>
  new UploadRefusedError(
    'MEDIA_UPLOAD_REFUSED',
    `WhatsApp's media host refused the file (${cause.message}). Nothing was sent.`,
    { cause },
  );

export const uploadFailed = (cause: unknown) =>
  new UploadRefusedError(
    'MEDIA_UPLOAD_FAILED',
    `The file could not be uploaded to WhatsApp after several attempts (${reasonOf(cause)}). Nothing was sent; try again later.`,
    { cause },
  );

/** In words that a user can pass on to an operator. */
export function reasonOf(error: unknown): string {
  const { message, code, cause } = error as { message?: string; code?: string; cause?: unknown };
  return message || code || (cause ? reasonOf(cause) : 'no reason was given');
}
