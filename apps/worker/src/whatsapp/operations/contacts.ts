import { isLidUser, jidNormalizedUser } from '../baileys.ts';
import { askPicture, askProfile } from '../contact-profile.ts';
import { askNumbers, askSpellings } from '../contact-query.ts';
import { askAbout } from '../user-query.ts';
import type { Performers } from './operation-socket.ts';

export const contacts: Performers<'contacts'> = {
  async 'contacts.check'({ sock }, { numbers }) {
    return { numbers: await askNumbers(sock, numbers) };
  },
  'contacts.profile': ({ sock }, { jid }) => askProfile(sock, jid),
  'contacts.about': ({ sock }, { jid }) => askAbout(sock, jid),
  async 'contacts.picture'({ sock }, { jid, size }) {
    return { url: await askPicture(sock, jid, size === 'full' ? 'image' : 'preview') };
  },
  async 'contacts.saveName'({ sock, settings }, { jid, name }) {
    const { lidMapping } = sock.signalRepository;
    const other = isLidUser(jid) ? await lidMapping.getPNForLID(jid) : await lidMapping.getLIDForPN(jid);
    const alias = other && { [isLidUser(jid) ? 'pnJid' : 'lidJid']: jidNormalizedUser(other) };
    const contactAction =
      name === null ? {} : { fullName: name, firstName: name.split(' ')[0]!, saveOnPrimaryAddressbook: true, ...alias };
    const index = ['contact', jid];
    const [syncAction, isRemoved] = [{ contactAction }, name === null];
    await settings.write([{ type: 'critical_unblock_low', index, apiVersion: 2, syncAction, isRemoved }]);
    return { name };
  },
  async 'contacts.lid'({ sock }, { number }) {
    const { jid, lid } = (await askSpellings(sock, number)) ?? {};
    return { ...(jid ? { jid } : {}), ...(lid ? { lid } : {}) };
  },
};
