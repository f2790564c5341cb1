import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Account } from '../accounts/account.ts';
import type { PhoneCore } from './core.ts';
import { describe } from './describe.ts';
import type { MessageDescription } from './description.ts';
import { unseal } from './kinds/sealed.ts';
import { hashOption, RESPONSE_NAMES, responseNamed } from './kinds/vote.ts';

/**
 * Describes a message as this phone shows it: also what a vote or an answer says, decrypted with the secret of its poll
 * or event. One that the phone cannot read has `unreadable`.
 */
export function describeFor(phone: PhoneCore, by: Account, message: proto.IMessage): MessageDescription | null {
  const description = describe(message);
  if (!description) return null;
  const { pollUpdateMessage: vote, encEventResponseMessage: answer } = message;
  if (vote) return withDetails(description, readVote(phone, by, vote));
  if (answer) return withDetails(description, readAnswer(phone, by, answer));
  return description;
}

const withDetails = (description: MessageDescription, more: object): MessageDescription => ({
  ...description,
  details: { ...description.details, ...more },
});

const UNREADABLE = { unreadable: true };

function readVote(
  phone: PhoneCore,
  by: Account,
  { pollCreationMessageKey: key, vote }: proto.Message.IPollUpdateMessage,
) {
  const poll = phone.inbox.findById(key?.id ?? '');
  const plain = poll && vote && unseal(phone, poll, by, 'Poll Vote', vote);
  if (!plain) return UNREADABLE;
  const { selectedOptions } = proto.Message.PollVoteMessage.decode(plain);
  const options = (poll.details.options as string[] | undefined) ?? [];
  const isChosen = (option: string) => selectedOptions.some((hash) => hashOption(option).equals(hash));
  return { options: options.filter(isChosen) };
}

function readAnswer(phone: PhoneCore, by: Account, answer: proto.Message.IEncEventResponseMessage) {
  const event = phone.inbox.findById(answer.eventCreationMessageKey?.id ?? '');
  const plain = event && unseal(phone, event, by, 'Event Response', answer);
  if (!plain) return UNREADABLE;
  const { response, extraGuestCount } = proto.Message.EventResponseMessage.decode(plain);
  const name = RESPONSE_NAMES.find((each) => responseNamed(each) === response) ?? null;
  return { response: name, ...(extraGuestCount && { extraGuests: extraGuestCount }) };
}
