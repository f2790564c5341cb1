import type { InputOf } from '@wa-gate/contracts';
import { type BinaryNode, jidNormalizedUser, S_WHATSAPP_NET } from '../baileys.ts';
import { askBusiness, askPicture } from '../contact-profile.ts';
import { askNode, childOf, nodeOf } from '../nodes.ts';
import { askAbout } from '../user-query.ts';
import { ownJid, type Performers } from './operation-socket.ts';

export const profile: Performers<'profile'> = {
  async 'profile.get'({ sock }) {
    const { me } = sock.authState.creds;
    const jid = ownJid(sock);
    const [{ about, setAt }, pictureUrl, business] = await Promise.all([
      askAbout(sock, jid),
      askPicture(sock, jid),
      askBusiness(sock, jid),
    ]);
    return {
      phoneNumber: `+${jid.split('@')[0]}`,
      lid: me?.lid ? jidNormalizedUser(me.lid) : null,
      jid,
      name: me?.name && me.name !== '~' ? me.name : null,
      about,
      aboutSetAt: setAt,
      pictureUrl,
      isBusiness: business !== null,
      business,
    };
  },
  async 'profile.setName'({ sock, settings }, { name }) {
    const syncAction = { pushNameSetting: { name } };
    await settings.write([{ type: 'critical_block', index: ['setting_pushName'], apiVersion: 1, syncAction }]);
    // Baileys shows the server the name that the credentials have, and does not take over what it writes itself.
    const { me } = sock.authState.creds;
    if (me) sock.ev.emit('creds.update', { me: { ...me, name } });
    return { name };
  },
  async 'profile.setAbout'({ sock }, { about }) {
    const status: BinaryNode = { tag: 'status', attrs: {}, content: Buffer.from(about, 'utf8') };
    await askNode(sock, nodeOf('iq', { to: S_WHATSAPP_NET, type: 'set', xmlns: 'status' }, [status]));
    return { about };
  },
  async 'profile.setPicture'({ sock }, { jpeg }) {
    const picture: BinaryNode = { tag: 'picture', attrs: { type: 'image' }, content: Buffer.from(jpeg, 'base64') };
    const answer = await askNode(sock, pictureQuery([picture]));
    return { pictureId: childOf(answer, 'picture')?.attrs.id ?? null };
  },
  async 'profile.removePicture'({ sock }) {
    await askNode(sock, pictureQuery());
    return { pictureId: null };
  },
  async 'profile.setBusiness'({ sock }, input) {
    const change = nodeOf('business_profile', { v: '3', mutation_type: 'delta' }, businessNodes(input));
    await askNode(sock, nodeOf('iq', { to: S_WHATSAPP_NET, type: 'set', xmlns: 'w:biz' }, [change]));
    return { business: await askBusiness(sock, ownJid(sock)) };
  },
};

const pictureQuery = (content?: BinaryNode[]): BinaryNode =>
  nodeOf('iq', { to: S_WHATSAPP_NET, type: 'set', xmlns: 'w:profile:picture' }, content);

function businessNodes({ websites, ...texts }: InputOf<'profile.setBusiness'>): BinaryNode[] {
  const leaf = (tag: string, text: string): BinaryNode => ({ tag, attrs: {}, content: Buffer.from(text, 'utf8') });
  const said = Object.entries(texts).map(([tag, text]) => leaf(tag, text));
  // No website at all is said by an empty one.
  const sites = websites?.length === 0 ? [''] : (websites ?? []);
  return [...said, ...sites.map((website) => leaf('website', website))];
}
