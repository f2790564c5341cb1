import { useMutation, useQuery } from '@tanstack/react-query';
import { PhoneCall } from 'lucide-react';
import { usePermission } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { ago, phone } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Badge, Card, Empty, ErrorNotice, Loading, Muted, Table } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { accountTexts } from './texts.ts';

const BY = { auto: 'byAuto', api: 'byApi', device: 'byDevice' } as const;

export function CallsCard({ sessionId }: { sessionId: string }) {
  const t = accountTexts.use();
  const maySend = usePermission('messages.send');
  const queryKey = ['calls', sessionId];
  const calls = useQuery({
    queryKey,
    queryFn: () => api.calls.list({ id: sessionId, limit: 50 }),
  });
  const reject = useMutation({
    mutationFn: (call: string) => api.calls.reject({ id: sessionId, call }),
    onSuccess: () => {
      toast(t('wasRejected'));
      return queryClient.invalidateQueries({ queryKey });
    },
    onError: toastError,
  });
  const found = calls.data?.calls ?? [];
  return (
    <Card title={t('callLog')} isFlush>
      {calls.isLoading && <Loading rows={3} />}
      {calls.error && <ErrorNotice error={calls.error} onRetry={() => void calls.refetch()} />}
      {calls.data && found.length === 0 && (
        <Empty icon={PhoneCall} title={t('noCalls')}>
          {t('noCallsText')}
        </Empty>
      )}
      {found.length > 0 && (
        <Table
          caption={t('callLogLead')}
          rows={found}
          keyOf={({ callId }) => callId}
          columns={[
            {
              title: t('caller'),
              cell: ({ caller, isVideo }) => (
                <span>
                  {caller.name ?? (caller.phoneNumber ? phone(caller.phoneNumber) : <Muted>{caller.jid}</Muted>)}{' '}
                  {isVideo && <Badge tone="info">{t('video')}</Badge>}
                </span>
              ),
            },
            { title: t('when'), cell: ({ startedAt }) => ago(startedAt) },
            {
              title: t('outcome'),
              cell: ({ status, rejectedBy, callId }) => (
                <span>
                  {t(status)} {rejectedBy && <Muted>{t(BY[rejectedBy])}</Muted>}
                  {status === 'ringing' && maySend && (
                    <Button size="small" isBusy={reject.isPending} onClick={() => reject.mutate(callId)}>
                      {t('reject')}
                    </Button>
                  )}
                </span>
              ),
            },
          ]}
        />
      )}
    </Card>
  );
}
