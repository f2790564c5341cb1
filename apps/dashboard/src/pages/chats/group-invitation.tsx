import { useMutation } from '@tanstack/react-query';
import { Users } from 'lucide-react';
import { usePermission } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import type { Message } from '../../api/types.ts';
import { dateTime } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice } from '../../ui/surface.tsx';
import { chatsTexts } from './texts.ts';
import { Tile } from './tile.tsx';

export interface Invitation {
  groupId: string;
  groupName: string;
  code: string;
  expiresAt: string;
}

/** An invitation into a group. One that has come can be accepted. */
export function GroupInvitation({ message, invitation }: { message: Message; invitation: Invitation }) {
  const t = chatsTexts.use();
  const maySend = usePermission('messages.send');
  const { sessionId, from, fromMe, text } = message;
  const { groupId, groupName, code, expiresAt } = invitation;
  const accept = useMutation({
    mutationFn: () =>
      api.groups.acceptInvitation({ id: sessionId, group: groupId, body: { inviter: from ?? '', code, expiresAt } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['groups'] }),
  });
  const canAccept = maySend && !fromMe && from && groupId && code && expiresAt && !accept.isSuccess;
  return (
    <>
      <Tile icon={<Users />} title={t('groupInvite')}>
        {groupName || text}
        {expiresAt && <span>{t('inviteUntil', { time: dateTime(expiresAt) })}</span>}
      </Tile>
      {groupName && text && <p>{text}</p>}
      {accept.error && <ErrorNotice error={accept.error} />}
      {accept.data && <p role="status">{t(accept.data.isWaiting ? 'inviteWaiting' : 'inviteAccepted')}</p>}
      {canAccept && (
        <Button size="small" isBusy={accept.isPending} onClick={() => accept.mutate()}>
          {t('acceptInvite')}
        </Button>
      )}
    </>
  );
}
