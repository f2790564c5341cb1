/** Why a file is refused. Each is a code of `packages/contracts/src/errors.ts`. */
export type MediaRefusal =
  | 'MEDIA_EMPTY'
  | 'MEDIA_TOO_LARGE'
  | 'MEDIA_TOOL_MISSING'
  | 'MEDIA_TYPE_MISMATCH'
  | 'MEDIA_UNREADABLE';

/**
 * A file that cannot be sent as it was asked for. The message is for the caller of the API: the cause, and what to do.
 * It names no path.
 */
export class MediaRefusedError extends Error {
  override name = 'MediaRefusedError';
  readonly code: MediaRefusal;
  /** What a program can use: a limit, the type that was found. */
  readonly details: Readonly<Record<string, string | number>>;

  constructor(
    code: MediaRefusal,
    message: string,
    details: Readonly<Record<string, string | number>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
