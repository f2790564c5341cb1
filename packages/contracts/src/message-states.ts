/** The public statuses of a message. `sent` means that WhatsApp's server has acknowledged it. */
export const MESSAGE_STATUSES = ['queued', 'sending', 'sent', 'delivered', 'read', 'failed'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/**
 * THE table: every exact state (enum `MessageState` of the database, and `SENDING`, which the outbox row has while an
 * attempt runs) with its public status. The public `state` is the same word in lower case.
 */
export const MESSAGE_STATE_STATUS = {
  QUEUED: 'queued',
  SENDING: 'sending',
  FAILED: 'failed',
  /** Nobody knows whether it left, and the caller asked for `onUncertain: "fail"`: it is not sent again. */
  UNKNOWN: 'failed',
  SENT: 'sent',
  DELIVERED: 'delivered',
  READ: 'read',
  /** A voice message or video was played. */
  PLAYED: 'read',
  /** An inbound message: it has been delivered to us. */
  RECEIVED: 'delivered',
} as const satisfies Record<string, MessageStatus>;

/** The states as the database names them, and `SENDING`. */
export type MessageStateName = keyof typeof MESSAGE_STATE_STATUS;

/** The public words of the exact states. */
export const MESSAGE_STATES = Object.keys(MESSAGE_STATE_STATUS).map((name) =>
  name.toLowerCase(),
) as Lowercase<MessageStateName>[];
export type PublicMessageState = (typeof MESSAGE_STATES)[number];

/** Status and state of a message as the API shows them. */
export function describeMessageState(name: MessageStateName): { status: MessageStatus; state: PublicMessageState } {
  return { status: MESSAGE_STATE_STATUS[name], state: name.toLowerCase() as PublicMessageState };
}

/** The states that a public status stands for: what a filter by status looks for. */
export function messageStatesOf(status: MessageStatus): MessageStateName[] {
  return (Object.keys(MESSAGE_STATE_STATUS) as MessageStateName[]).filter(
    (name) => MESSAGE_STATE_STATUS[name] === status,
  );
}
