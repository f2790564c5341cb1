import { askProfile } from '../contact-profile.ts';
import { askNumbers, askSpellings } from '../contact-query.ts';
import type { Performers } from './operation-socket.ts';

export const contacts: Performers<'contacts'> = {
  async 'contacts.check'({ sock }, { numbers }) {
    return { numbers: await askNumbers(sock, numbers) };
  },
  'contacts.profile': ({ sock }, { jid }) => askProfile(sock, jid),
  async 'contacts.lid'({ sock }, { number }) {
    const { jid, lid } = (await askSpellings(sock, number)) ?? {};
    return { ...(jid ? { jid } : {}), ...(lid ? { lid } : {}) };
  },
};
