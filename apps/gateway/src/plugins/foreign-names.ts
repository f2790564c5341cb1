/** Fields that name somebody, the first of a schema counts. */
const SOMEBODY = ['to', 'contact', 'chat', 'phoneNumber', 'participants'];
const WORDS = ['message', 'text', 'caption'];
const QUOTED = ['replyTo'];
const MESSAGE_ID = ['messageIds', 'waMessageId'];

/**
 * Names that callers bring along from other gateways, in small letters without `_` and `-`, with those that a field has
 * here. Of several, the first that the schema has is meant.
 */
const HERE: Readonly<Record<string, readonly string[]>> = {
  chatid: SOMEBODY,
  jid: SOMEBODY,
  number: SOMEBODY,
  numbers: ['participants'],
  phone: SOMEBODY,
  recipient: SOMEBODY,
  remotejid: SOMEBODY,
  tojid: SOMEBODY,

  body: WORDS,
  content: WORDS,
  conversation: WORDS,
  message: ['text', 'caption'],
  text: ['message', 'caption', 'emoji'],

  contextinfo: QUOTED,
  quoted: QUOTED,
  quotedmessage: QUOTED,
  quotedmessageid: QUOTED,

  mentioned: ['mentions'],
  mentionedjid: ['mentions'],
  mentionseveryone: ['mentionAll'],

  audio: ['media'],
  base64: ['media'],
  data: ['media'],
  document: ['media'],
  file: ['media'],
  image: ['media'],
  picture: ['media'],
  sticker: ['media'],
  url: ['media'],
  video: ['media'],

  asnote: ['videoNote'],
  contact: ['contacts'],
  delay: ['typing'],
  gifplayback: ['gif'],
  id: MESSAGE_ID,
  ids: MESSAGE_ID,
  keys: MESSAGE_ID,
  mediatype: ['type'],
  messageid: MESSAGE_ID,
  multipleanswers: ['selectableCount'],
  presence: ['state', 'typing'],
  ptt: ['voice'],
  reaction: ['emoji'],
  readmessages: MESSAGE_ID,
  values: ['options'],
  vcard: ['contacts'],
  votes: ['options'],

  customheaders: ['headers'],
  desc: ['description'],
  groupname: ['subject'],
  hmac: ['secret'],
  instance: ['sessionId'],
  instancename: ['sessionId', 'name'],
  name: ['subject'],
  session: ['sessionId'],
  status: ['about'],
  subscribe: ['events'],
  topic: ['description'],
  webhookurl: ['url'],
  webhookverifytoken: ['secret'],
};

const plain = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '');

/**
 * What a field that a schema does not know is called here: one of the schema that is spelt otherwise (`reply_to`), or
 * one that other gateways call so (`chatId`).
 *
 * @param known the fields of the schema
 */
export function nameHere(name: string, known: readonly string[]): string | undefined {
  const given = plain(name);
  const candidates = Object.hasOwn(HERE, given) ? HERE[given]! : [];
  return known.find((one) => plain(one) === given) ?? candidates.find((one) => known.includes(one));
}
