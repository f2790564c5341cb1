import { isJidGroup, isJidStatusBroadcast } from './baileys.ts';

export const isChannel = (jid: string): boolean => jid.endsWith('@newsletter');

/** A channel, or the status: it has no devices to be found out, no timer and no keys of its own. */
export const isPublic = (jid: string): boolean => isChannel(jid) || (isJidStatusBroadcast(jid) ?? false);

export const isOfPerson = (jid: string): boolean => !isJidGroup(jid) && !isPublic(jid);
