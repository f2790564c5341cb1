import { phone } from './format.ts';

/** The part of a jid that people know: the number, or the id of a group. */
const numberOf = (jid: string): string => jid.split('@', 1)[0]!.split(':', 1)[0]!;

/** A chat or a person without a name. */
export const readable = (jid: string): string =>
  jid.endsWith('@s.whatsapp.net') ? phone(numberOf(jid)) : numberOf(jid);
