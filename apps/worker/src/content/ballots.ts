import { createHash } from 'node:crypto';
import { type ChangeData, EVENT_RESPONSES, type EventResponse } from '@wa-gate/contracts';
import { proto } from '../whatsapp/baileys.ts';
import { toNumber } from './fields.ts';

const { EventResponseType } = proto.Message.EventResponseMessage;

const RESPONSES: Readonly<Record<EventResponse, number>> = {
  going: EventResponseType.GOING,
  notGoing: EventResponseType.NOT_GOING,
  maybe: EventResponseType.MAYBE,
};

/** A vote names an option by the hash of what it says. */
const hashOf = (option: string): Buffer => createHash('sha256').update(option).digest();

/** The plaintext of a vote. */
export const encodeVote = ({ options }: Pick<ChangeData<'vote'>, 'options'>): Uint8Array =>
  proto.Message.PollVoteMessage.encode({ selectedOptions: options.map(hashOf) }).finish();

/** Reads a decrypted vote in a poll with these options. */
export function readVote(plain: Uint8Array, options: readonly string[]): ChangeData<'vote'> {
  const { selectedOptions } = proto.Message.PollVoteMessage.decode(plain);
  const chosen = new Set(selectedOptions.map((hash) => Buffer.from(hash).toString('hex')));
  const named = options.filter((option) => chosen.delete(hashOf(option).toString('hex')));
  return { options: named, ...(chosen.size > 0 && { unknownOptions: [...chosen] }) };
}

/** The plaintext of an answer to an event. @param at milliseconds since 1970 */
export const encodeAnswer = ({ response, extraGuests }: ChangeData<'answer'>, at: number): Uint8Array =>
  proto.Message.EventResponseMessage.encode({
    response: RESPONSES[response],
    timestampMs: at,
    extraGuestCount: extraGuests ?? null,
  }).finish();

/** Reads a decrypted answer, and when it was given by the clock of its author; `null`: of a form that is not known. */
export function readAnswer(plain: Uint8Array): { data: ChangeData<'answer'>; at: number | undefined } | null {
  const { response, timestampMs, extraGuestCount } = proto.Message.EventResponseMessage.decode(plain);
  const name = EVENT_RESPONSES.find((each) => RESPONSES[each] === response);
  if (!name) return null;
  const data = { response: name, ...(extraGuestCount ? { extraGuests: extraGuestCount } : {}) };
  return { data, at: toNumber(timestampMs) };
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * When a ballot was cast, in milliseconds: WhatsApp's own time has seconds only, and two votes of a person may be in
 * one. The clock of its author counts unless it is far from that: then WhatsApp's does.
 */
export function castAt(claimed: number | undefined, waTimestamp: Date): Date {
  const stanza = waTimestamp.getTime();
  const isLikely = claimed !== undefined && claimed < stanza + MINUTE_MS && claimed > stanza - 14 * DAY_MS;
  return isLikely ? new Date(claimed) : waTimestamp;
}
