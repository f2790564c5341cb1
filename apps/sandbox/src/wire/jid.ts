/** Addresses: `<user>@<server>` or, for one device of an account, `<user>:<device>@<server>`. */
export interface Jid {
  user: string;
  server: string;
  /** 0 is the phone; companions start at 1. */
  device: number;
}

/**
 * The address of the server. It must travel as a jid pair with an empty user: clients compare it as this string, and
 * with the bare token `s.whatsapp.net` they ignore prekey notifications.
 */
export const S_WHATSAPP_NET = '@s.whatsapp.net';
export const PN_SERVER = 's.whatsapp.net';
export const LID_SERVER = 'lid';
export const GROUP_SERVER = 'g.us';
export const CHANNEL_SERVER = 'newsletter';

/** Parses an address; null when it is none (no '@', no server, or a device that is not a byte). */
export function parseJid(value: string | undefined): Jid | null {
  if (value === undefined) return null;
  const at = value.indexOf('@');
  if (at < 0 || at === value.length - 1) return null;
  const server = value.slice(at + 1);
  const colon = value.indexOf(':');
  if (colon < 0 || colon > at) return { user: value.slice(0, at), server, device: 0 };
  const digits = value.slice(colon + 1, at);
  if (!/^\d{1,3}$/.test(digits)) return null;
  const device = Number(digits);
  return device > 255 ? null : { user: value.slice(0, colon), server, device };
}

/** Writes an address; the phone (device 0) has no device part. */
export function formatJid(jid: Jid): string {
  return jid.device === 0 ? `${jid.user}@${jid.server}` : `${jid.user}:${jid.device}@${jid.server}`;
}

/** The account of an address: the same without its device. Anything that is no address is returned unchanged. */
export function bareJid(value: string): string {
  const jid = parseJid(value);
  return jid ? `${jid.user}@${jid.server}` : value;
}

export const pnJid = (number: string, device = 0): string => formatJid({ user: number, server: PN_SERVER, device });
export const lidJid = (lid: string, device = 0): string => formatJid({ user: lid, server: LID_SERVER, device });

export const isLid = (value: string): boolean => value.endsWith(`@${LID_SERVER}`);
export const isChannel = (value: string): boolean => value.endsWith(`@${CHANNEL_SERVER}`);
/** Where status updates go. */
export const STATUS_JID = 'status@broadcast';
/** A chat of several people, whose stanzas name the sender in `participant`: a group, or the status. */
export const isGroup = (value: string): boolean => value.endsWith(`@${GROUP_SERVER}`) || value === STATUS_JID;
