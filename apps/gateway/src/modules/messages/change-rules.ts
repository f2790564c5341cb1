import { type ChangeRequest, hasFailed, LIMITS } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { isChannel, STATUS_JID } from '../../http/recipient.ts';
import { refusalOfAnswer, refusalOfVote } from './ballot-rules.ts';
import type { MessageRecord } from './messages.repository.ts';

type Changed = Pick<
  MessageRecord,
  'type' | 'fromMe' | 'chatJid' | 'state' | 'revokedAt' | 'sentAt' | 'waTimestamp' | 'content'
>;

/** Types whose text is the caption of a file. */
const CAPTIONED: ReadonlySet<string> = new Set(['image', 'video', 'document']);

const isGroup = (jid: string): boolean => jid.endsWith('@g.us');

/** Why WhatsApp would refuse a change, or phones would not show it; `undefined`: it can be made. */
export function objectionTo({ change, data }: ChangeRequest, message: Changed, now = new Date()): ApiError | undefined {
  const objection = objectionToAny(message) ?? objectionToPublic(change, message);
  if (objection) return objection;
  switch (change) {
    case 'edit':
      return objectionToEdit(data.text ?? '', message, now);
    case 'revoke':
      return objectionToRevoke(message, now);
    case 'reaction':
      return objectionToEmoji(data.emoji);
    case 'pin':
    case 'keep':
      return undefined;
    case 'vote':
      return impossibleIf(refusalOfVote(data, message));
    case 'answer':
      return impossibleIf(refusalOfAnswer(data, message));
  }
}

/** Why nothing at all can be done to a message. */
export function objectionToAny({ revokedAt, state, type, content }: Changed): ApiError | undefined {
  if (revokedAt) return new ApiError('MESSAGE_DELETED');
  if (hasFailed(state)) return new ApiError('MESSAGE_NOT_SENT');
  const isNone = type === 'system' || type === 'reaction' || (type === 'unknown' && content?.kind === 'undecryptable');
  return isNone ? impossible('It is a notice, or could not be read, so nothing can be done to it.') : undefined;
}

/** Channels are changed by calls of their own; a status update can be deleted and nothing else. */
function objectionToPublic(change: ChangeRequest['change'], { chatJid, fromMe }: Changed): ApiError | undefined {
  if (isChannel(chatJid))
    return impossible(
      'It is a post of a channel: use /api/sessions/{id}/channels/{channel}/posts, which edit, delete and react.',
    );
  if (chatJid !== STATUS_JID || (change === 'revoke' && fromMe)) return undefined;
  return impossible('It is a status update: one of the account can be deleted, and nothing else can be done to it.');
}

function objectionToEdit(text: string, message: Changed, now: Date): ApiError | undefined {
  const { type, fromMe } = message;
  if (!fromMe) return impossible('Only its author can edit a message, and this one is by somebody else.');
  const isCaptioned = CAPTIONED.has(type);
  if (type !== 'text' && !isCaptioned)
    return impossible(
      `Only texts and the captions of images, videos and documents can be edited; this is \`${type}\`.`,
    );
  if (isCaptioned && text.length > LIMITS.caption)
    return new ApiError('VALIDATION', {
      message: `\`text\` is the caption of a file here, and has at most ${LIMITS.caption} characters.`,
    });
  return objectionToTime(message, LIMITS.editSeconds, 'edited within 15 minutes after its sending', now);
}

function objectionToRevoke(message: Changed, now: Date): ApiError | undefined {
  if (!message.fromMe && !isGroup(message.chatJid))
    return impossible(
      'A message of the other side can be deleted for everyone in groups alone, by an administrator. `?for=me` deletes it for the account.',
    );
  return objectionToTime(message, LIMITS.revokeSeconds, 'deleted for everyone within 60 hours after its sending', now);
}

/** What has not been sent yet has no limit. */
function objectionToTime(
  { sentAt, waTimestamp }: Pick<Changed, 'sentAt' | 'waTimestamp'>,
  seconds: number,
  rule: string,
  now: Date,
): ApiError | undefined {
  const begin = sentAt ?? waTimestamp;
  if (!begin) return undefined;
  const until = new Date(begin.getTime() + seconds * 1_000);
  if (now < until) return undefined;
  return new ApiError('CHANGE_TOO_LATE', {
    message: `A message can be ${rule}. For this one that ended at ${until.toISOString()}.`,
    details: { until: until.toISOString(), limitSeconds: seconds },
  });
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** A picture, a flag of two letters, or a keycap. */
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|\u20e3/u;

function objectionToEmoji(emoji: string): ApiError | undefined {
  if (emoji === '' || ([...GRAPHEMES.segment(emoji)].length === 1 && EMOJI.test(emoji))) return undefined;
  return new ApiError('VALIDATION', {
    message: '`emoji` takes one emoji, such as 👍. Phones show nothing else. Leave it empty to take the reaction back.',
  });
}

const impossibleIf = (sentence: string | undefined) => (sentence === undefined ? undefined : impossible(sentence));

const impossible = (message: string): ApiError => new ApiError('CHANGE_NOT_POSSIBLE', { message });
