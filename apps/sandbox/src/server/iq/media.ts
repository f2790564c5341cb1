import { randomBytes } from 'node:crypto';
import type { Account } from '../../accounts/account.ts';
import type { GroupPicture as Picture } from '../../accounts/group.ts';
import { unixSeconds } from '../../clock.ts';
import { S_WHATSAPP_NET } from '../../wire/jid.ts';
import { bytes, child, node } from '../../wire/node.ts';
import { shows } from '../privacy.ts';
import { newStanzaId } from '../stanza-id.ts';
import { answer, type IqRequest, refuseIq, wordOf } from './answer.ts';

const MAX_UPLOAD_BYTES = 1 << 30;

/** The address of the media host, and profile pictures. */
export function handleMediaIq(request: IqRequest): void {
  if (request.iq.attrs.xmlns === 'w:m') answerMediaConnection(request);
  else handlePicture(request);
}

function answerMediaConnection({ context, connection, iq }: IqRequest): void {
  const auth = randomBytes(24).toString('base64url');
  const host = node('host', {
    hostname: connection.host ?? context.mediaHost,
    maxContentLengthBytes: String(MAX_UPLOAD_BYTES),
  });
  answer(connection, iq, [node('media_conn', { auth, ttl: '3600', auth_ttl: '21600', max_buckets: '12' }, [host])]);
}

/** What can have a picture, and who may see and change it. */
interface PictureOf {
  picture: Picture | null;
  /** WhatsApp's code for who may not see it. */
  unseen: number | null;
  /** WhatsApp's code for who may not change it. */
  unchanged: number | null;
  change(picture: Picture | null): void;
}

function handlePicture(request: IqRequest): void {
  const { context, connection, iq, query } = request;
  const of = pictureOf(request);
  if (!of) {
    refusePicture(request, 404);
    return;
  }
  if (iq.attrs.type === 'get') {
    if (of.unseen !== null || !of.picture) {
      refusePicture(request, of.unseen ?? 404);
      return;
    }
    const { id, path } = of.picture;
    const url = `https://${context.mediaHost}${path}`;
    answer(connection, iq, [node('picture', { id, type: query?.attrs.type ?? 'image', url, direct_path: path })]);
    return;
  }
  if (of.unchanged !== null) {
    refusePicture(request, of.unchanged);
    return;
  }
  const image = bytes(child(iq, 'picture'));
  if (!image?.length) {
    of.change(null);
    answer(connection, iq);
    return;
  }
  const id = String(unixSeconds());
  context.media.put(image).then(
    (path) => {
      of.change({ id, path });
      answer(connection, iq, [node('picture', { id })]);
    },
    (error: unknown) => {
      context.log.error({ err: error }, 'picture could not be stored');
      refusePicture(request, 500);
    },
  );
}

const refusePicture = ({ connection, iq }: IqRequest, code: number): void =>
  refuseIq(connection, iq, code, wordOf(code));

/**
 * The group or account that a request is about: `target` of today's clients, `to` of older ones, and the account itself
 * where nobody is named. `null`: nobody has that name.
 */
function pictureOf({ context, companion, iq, query }: IqRequest): PictureOf | null {
  const { account } = companion;
  const { to = S_WHATSAPP_NET } = iq.attrs;
  const named = iq.attrs.target ?? query?.attrs.jid ?? (to === S_WHATSAPP_NET ? undefined : to);
  const group = named === undefined ? undefined : context.groups.find(named);
  if (group) {
    const isMember = group.members.has(account.number);
    return {
      picture: group.picture,
      unseen: isMember ? null : 401,
      unchanged: isMember && (!group.locked || group.isAdmin(account.number)) ? null : 401,
      change: (picture) => context.groupActions.setPicture(group, account, picture),
    };
  }
  const owner = named === undefined ? account : context.directory.resolve(named)?.account;
  if (!owner) return null;
  return {
    picture: owner.picture,
    unseen: shows(owner, account, 'profile') ? null : 401,
    unchanged: owner === account ? null : 403,
    change(picture) {
      account.picture = picture;
      account.save();
      announcePicture(context, account);
    },
  };
}

/** Notifies the holders of the device list of this account, which count as its contacts. */
export function announcePicture({ delivery }: Pick<IqRequest['context'], 'delivery'>, account: Account): void {
  const what = account.picture
    ? node('set', { id: account.picture.id, jid: account.jid })
    : node('delete', { jid: account.jid });
  for (const companion of account.deviceWatchers) {
    if (!shows(account, companion.account, 'profile')) continue;
    const attrs = { id: newStanzaId(), from: account.jid, type: 'picture', t: String(unixSeconds()) };
    delivery.deliver(companion, node('notification', attrs, [what]));
  }
}
