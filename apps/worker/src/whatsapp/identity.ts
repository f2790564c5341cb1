import { jidDecode, jidNormalizedUser } from './baileys.ts';

/** The linked account, as WhatsApp names it. */
export interface Identity {
  /** Digits. */
  phoneNumber: string;
  /** `<digits>@s.whatsapp.net`. */
  jid: string;
  lid?: string;
  pushName?: string;
}

/** `me`: of the credentials; absent while the session is not linked. */
export function readIdentity(me: { id: string; lid?: string; name?: string } = { id: '' }): Identity {
  const jid = jidNormalizedUser(me.id);
  const pushName = me.name && me.name !== '~' ? me.name : undefined;
  return {
    phoneNumber: jidDecode(jid)?.user ?? '',
    jid,
    ...(me.lid ? { lid: jidNormalizedUser(me.lid) } : {}),
    ...(pushName ? { pushName } : {}),
  };
}
