import { randomBytes } from 'node:crypto';
import type { Account } from '../../accounts/account.ts';
import type { Group } from '../../accounts/group.ts';
import { unixSeconds } from '../../clock.ts';
import { bytes, child, node } from '../../wire/node.ts';
import { shows } from '../privacy.ts';
import { newStanzaId } from '../stanza-id.ts';
import { answer, type IqRequest, refuseIq } from './answer.ts';

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

function handlePicture(request: IqRequest): void {
  const { context, connection, companion, iq, query } = request;
  const group = context.groups.find(iq.attrs.target ?? '');
  if (group) {
    handleGroupPicture(request, group);
    return;
  }
  const target = context.directory.resolve(iq.attrs.target ?? query?.attrs.jid)?.account ?? companion.account;
  if (iq.attrs.type === 'get') {
    if (!target.picture || !shows(target, companion.account, 'profile')) {
      refuseIq(connection, iq, 404, 'item-not-found');
      return;
    }
    const { id, path } = target.picture;
    const url = `https://${context.mediaHost}${path}`;
    answer(connection, iq, [node('picture', { id, type: query?.attrs.type ?? 'image', url, direct_path: path })]);
    return;
  }
  const image = bytes(child(iq, 'picture'));
  const { account } = companion;
  if (!image?.length) {
    account.picture = null;
    account.save();
    announcePicture(context, account);
    answer(connection, iq);
    return;
  }
  const id = String(unixSeconds());
  context.media.put(image).then(
    (path) => {
      account.picture = { id, path };
      account.save();
      announcePicture(context, account);
      answer(connection, iq, [node('picture', { id })]);
    },
    (error: unknown) => {
      context.log.error({ err: error }, 'profile picture could not be stored');
      refuseIq(connection, iq, 500, 'internal-server-error');
    },
  );
}

function handleGroupPicture({ context, connection, companion, iq, query }: IqRequest, group: Group): void {
  const { account } = companion;
  if (!group.members.has(account.number)) {
    refuseIq(connection, iq, 401, 'not-authorized');
    return;
  }
  if (iq.attrs.type === 'get') {
    if (!group.picture) {
      refuseIq(connection, iq, 404, 'item-not-found');
      return;
    }
    const { id, path } = group.picture;
    const url = `https://${context.mediaHost}${path}`;
    answer(connection, iq, [node('picture', { id, type: query?.attrs.type ?? 'image', url, direct_path: path })]);
    return;
  }
  if (group.locked && !group.isAdmin(account.number)) {
    refuseIq(connection, iq, 401, 'not-authorized');
    return;
  }
  const image = bytes(child(iq, 'picture'));
  if (!image?.length) {
    context.groupActions.setPicture(group, account, null);
    answer(connection, iq);
    return;
  }
  const id = String(unixSeconds());
  context.media.put(image).then(
    (path) => {
      context.groupActions.setPicture(group, account, { id, path });
      answer(connection, iq, [node('picture', { id })]);
    },
    (error: unknown) => {
      context.log.error({ err: error }, 'picture of a group could not be stored');
      refuseIq(connection, iq, 500, 'internal-server-error');
    },
  );
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
