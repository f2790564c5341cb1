import { useMutation, useMutationState } from '@tanstack/react-query';
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
  const mutationKey = ['groups', 'acceptInvitation', sessionId, message.id];
  const accept = useMutation({
    mutationKey,
    mutationFn: () =>
      api.groups.acceptInvitation({ id: sessionId, group: groupId, body: { inviter: from ?? '', code, expiresAt } }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['groups'] }),
  });
  // The cache keeps the answer when the list of messages draws this one anew.
  const answered = useMutationState({
    filters: { mutationKey, status: 'success' },
    select: ({ state }) => state.data as Awaited<ReturnType<typeof api.groups.acceptInvitation>>,
  }).at(-1);
  const canAccept = maySend && !fromMe && from && groupId && code && expiresAt && !answered;
  return (
    <>
      <Tile icon={<Users />} title={t('groupInvite')}>
        {groupName || text}
        {expiresAt && <span>{t('inviteUntil', { time: dateTime(expiresAt) })}</span>}
      </Tile>
      {groupName && text && <p>{text}</p>}
      {accept.error && <ErrorNotice error={accept.error} />}
      {answered && <p role="status">{t(answered.isWaiting ? 'inviteWaiting' : 'inviteAccepted')}</p>}
      {canAccept && (
        <Button size="small" isBusy={accept.isPending} onClick={() => accept.mutate()}>
          {t('acceptInvite')}
        </Button>
      )}
    </>
  );
}
