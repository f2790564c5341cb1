/** A message that cannot be sent, now or later. The code and the sentence are what the user gets. */
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

/** Why a connection ended, as far as Baileys could tell. */
export interface DisconnectCause {
  /** WhatsApp's or Baileys' status code. */
  status: number;
  /** What kind of it: the type of a conflict, or the network's error code such as `ENOTFOUND`. */
  detail?: string;
  /** WhatsApp showed all its QR codes and nobody scanned one. */
  qrEnded?: boolean;
  /** `status` is that of an HTTP answer in place of the WebSocket, not WhatsApp's. */
  http?: boolean;
}

interface BoomLike {
  message?: string;
  output?: { statusCode?: number };
  data?: { tag?: string; attrs?: Record<string, string>; code?: string };
}

const CONNECTION_CLOSED = 428;

export function readDisconnectCause(error: unknown): DisconnectCause {
  const boom = (error ?? {}) as BoomLike;
  const detail = boom.data?.tag === 'conflict' ? boom.data.attrs?.type : boom.data?.code;
  return {
    status: boom.output?.statusCode ?? CONNECTION_CLOSED,
    ...(detail ? { detail } : {}),
    ...(boom.message === 'QR refs attempts ended' ? { qrEnded: true } : {}),
  };
}

/** Whether Baileys refused because the connection has ended, or ended before the answer. */
export const hasConnectionClosed = (error: unknown): boolean =>
  (error as BoomLike | undefined)?.output?.statusCode === CONNECTION_CLOSED;

/** WhatsApp's own code in its answer to a query, such as 404; Baileys' 408 for a query without an answer. */
export function whatsAppCodeOf(error: unknown): number | undefined {
  const { data, output } = (error ?? {}) as { data?: unknown; output?: { statusCode?: number } };
  const code = Number(typeof data === 'number' || typeof data === 'string' ? data : output?.statusCode);
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : undefined;
}
