import { useMutation, useQuery } from '@tanstack/react-query';
import { usePermission } from '../../account/account.ts';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { Checkbox, Form, SelectField } from '../../ui/field.tsx';
import { Card, ErrorNotice, Loading } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { accountTexts } from './texts.ts';

const AUDIENCE = ['everyone', 'contacts', 'nobody'] as const;
/** What each setting may be set to. */
const FIELDS = [
  ['lastSeen', 'lastSeen', AUDIENCE],
  ['online', 'online', ['everyone', 'same_as_last_seen']],
  ['picture', 'whoPicture', AUDIENCE],
  ['about', 'whoAbout', AUDIENCE],
  ['groups', 'groups', ['everyone', 'contacts']],
  ['calls', 'calls', ['everyone', 'known']],
  ['messages', 'messages', ['everyone', 'contacts']],
] as const;
const TIMES = [
  [0, 'never'],
  [86_400, 'day'],
  [604_800, 'week'],
  [7_776_000, 'months'],
] as const;

/** Each change is made at once: at WhatsApp each is one of its own. */
export function PrivacyCard({ sessionId }: { sessionId: string }) {
  const t = accountTexts.use();
  const mayManage = usePermission('system.manage');
  const params = { id: sessionId };
  const queryKey = ['privacy', sessionId];
  const privacy = useQuery({ queryKey, queryFn: () => api.privacy.get(params) });
  const set = useMutation({
    mutationFn: (body: Record<string, unknown>) => api.privacy.set({ ...params, body: body as never }),
    onSuccess: (now) => {
      queryClient.setQueryData(queryKey, now);
      toast(t('saved'));
    },
  });
  const isOff = !mayManage || set.isPending;
  return (
    <Card title={t('privacy')}>
      {privacy.isLoading && <Loading rows={4} />}
      {privacy.error && <ErrorNotice error={privacy.error} onRetry={() => void privacy.refetch()} />}
      {privacy.data && (
        <Form onSubmit={(event) => event.preventDefault()}>
          {set.error && <ErrorNotice error={set.error} />}
          {FIELDS.map(([field, label, words]) => {
            const now = privacy.data[field];
            const shown = now === null || (words as readonly string[]).includes(now) ? words : [...words, now];
            return (
              <SelectField
                key={field}
                label={t(label)}
                value={now ?? ''}
                disabled={isOff || now === null}
                onChange={({ target }) => set.mutate({ [field]: target.value })}
              >
                {now === null && <option value="">–</option>}
                {shown.map((word) => (
                  <option key={word} value={word} disabled={word === 'contacts_except'}>
                    {t(word)}
                  </option>
                ))}
              </SelectField>
            );
          })}
          <SelectField
            label={t('disappearing')}
            value={privacy.data.disappearingSeconds ?? 0}
            disabled={isOff}
            onChange={({ target }) => set.mutate({ disappearingSeconds: Number(target.value) })}
          >
            {TIMES.map(([seconds, word]) => (
              <option key={seconds} value={seconds}>
                {t(word)}
              </option>
            ))}
          </SelectField>
          <Checkbox
            label={t('readReceipts')}
            checked={privacy.data.readReceipts ?? true}
            disabled={isOff}
            onChange={({ target }) => set.mutate({ readReceipts: target.checked })}
          />
        </Form>
      )}
    </Card>
  );
}
