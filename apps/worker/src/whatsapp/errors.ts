import type { ErrorCode } from '@wa-gate/contracts';
import { ProxyError } from '@wa-gate/egress';

/** A message that can never be sent. The user gets the code and the sentence. */
export class SendRefusedError extends Error {
  override name = 'SendRefusedError';
  readonly code: string;

  constructor(code: string, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}

export const recipientNotOnWhatsApp = () =>
  new SendRefusedError(
    'RECIPIENT_NOT_ON_WHATSAPP',
    'This number is not on WhatsApp. Check the country code and the number; nothing was sent.',
  );

export const groupNotAccessible = (cause: unknown) =>
  new SendRefusedError(
    'GROUP_NOT_ACCESSIBLE',
    'The group does not exist, or this account is not a member of it. Nothing was sent.',
    { cause },
  );

/** The cause of the end of a connection, as Baileys reports it. */
export interface DisconnectCause {
  /** The status code of WhatsApp or Baileys. */
  status: number;
  /** The type of a conflict, the cause of a ban, or the error code of the network such as `ENOTFOUND`. */
  detail?: string;
  /** When a ban is over, where WhatsApp says that. */
  endsAt?: Date;
  /** The series of QR codes ended without a scan. */
  qrEnded?: boolean;
  /** `status` comes from an HTTP answer in place of the WebSocket. */
  http?: boolean;
  /** The proxy of the session made no connection: why, in words. */
  proxy?: string;
}

/** A query of ours got no answer in time: Baileys resolves it with nothing. It counts like its time-out. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError';
  readonly output = { statusCode: 408 };
}

/** WhatsApp has answered a query of ours with an error code, in another form than Baileys looks for. */
export class QueryRefusedError extends Error {
  override name = 'QueryRefusedError';
  /** The code of WhatsApp, such as 404. */
  readonly data: number;

  constructor(code: number, sentence: string) {
    super(sentence);
    this.data = code;
  }
}

/** WhatsApp has refused a query with one of its codes, and what the code means there is known. */
export class RefusedByWhatsAppError extends QueryRefusedError {
  override name = 'RefusedByWhatsAppError';
  /** What the caller gets beside the code. */
  details: Record<string, unknown> = {};
}

interface BoomLike {
  message?: string;
  output?: { statusCode?: number };
  data?: { tag?: string; attrs?: Record<string, string>; code?: string; expire?: string } | ProxyError;
}

const CONNECTION_CLOSED = 428;

/** Seconds of the longest ban that is believed: `expire` is a number of WhatsApp, and a date has an end. */
const LONGEST_BAN_SECONDS = 10 * 366 * 86_400;

function endOfBan(expire: string | undefined): Date | undefined {
  const seconds = Number(expire);
  return seconds > 0 && seconds <= LONGEST_BAN_SECONDS ? new Date(Date.now() + seconds * 1000) : undefined;
}

export function readDisconnectCause(error: unknown): DisconnectCause {
  const boom = (error ?? {}) as BoomLike;
  if (boom.data instanceof ProxyError) return { status: boom.output?.statusCode ?? 0, proxy: boom.data.message };
  const detail = boom.data?.tag === 'conflict' ? boom.data.attrs?.type : boom.data?.code;
  const endsAt = endOfBan(boom.data?.expire);
  return {
    status: boom.output?.statusCode ?? CONNECTION_CLOSED,
    ...(detail ? { detail } : {}),
    ...(endsAt ? { endsAt } : {}),
    ...(boom.message === 'QR refs attempts ended' ? { qrEnded: true } : {}),
  };
}

/** The connection has ended while something waited for an answer. It counts like the refusal of Baileys to send. */
export class ConnectionEndedError extends Error {
  override name = 'ConnectionEndedError';
  readonly output = { statusCode: CONNECTION_CLOSED };

  constructor() {
    super('The connection to WhatsApp has ended.');
  }
}

/** Whether the connection had ended, or ended before the answer. */
export const hasConnectionClosed = (error: unknown): boolean =>
  (error as BoomLike | undefined)?.output?.statusCode === CONNECTION_CLOSED;

/** The error code in the answer to a query, such as 404; 408 when Baileys got no answer. */
export function whatsAppCodeOf(error: unknown): number | undefined {
  const { data, output } = (error ?? {}) as { data?: unknown; output?: { statusCode?: number } };
  const code = Number(typeof data === 'number' || typeof data === 'string' ? data : output?.statusCode);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : undefined;
}

/** The account lacks something that WhatsApp sends after a while, such as its name. */
export class NotReadyError extends Error {
  override name = 'NotReadyError';
}

/** An operation can never succeed as it was asked for. The user gets the code and the sentence. */
export class OperationRefusedError extends Error {
  override name = 'OperationRefusedError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, sentence: string) {
    super(sentence);
    this.code = code;
  }
}
