import { useMutation, useQuery } from '@tanstack/react-query';
import { ScanLine } from 'lucide-react';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { askSandbox, type Phone } from '../../api/sandbox.ts';
import type { Session } from '../../api/types.ts';
import { Button, LinkButton } from '../../ui/button.tsx';
import { Row } from '../../ui/field.tsx';
import { Badge, Card, Muted } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import { waitsForPhone } from '../sessions/state.tsx';
import styles from './phone.module.css';
import { refreshSandbox } from './queries.ts';
import { phoneTexts } from './texts.ts';

const canScan = ({ network, state, phoneNumber }: Session): boolean =>
  network === 'sandbox' && phoneNumber === null && waitsForPhone(state);

/** The devices that are linked to a phone, and the sessions that wait for one. */
export function LinkCard({ phone: { number, devices } }: { phone: Phone }) {
  const t = phoneTexts.use();
  const sessions = useQuery(sessionsQuery);
  const waiting = sessions.data?.sessions.filter(canScan) ?? [];
  const refresh = () => Promise.all([refreshSandbox(), queryClient.invalidateQueries({ queryKey: ['sessions'] })]);
  const scan = useMutation({
    mutationFn: async ({ sessionId }: Session) => {
      const { qr } = await api.sessions.qr({ id: sessionId });
      await askSandbox('POST', `phones/${number}/scan`, { qr });
    },
    onSuccess: (_answer, { name }) => {
      toast(t('scanned', { name }));
      return refresh();
    },
    onError: toastError,
  });
  const unlink = useMutation({
    mutationFn: (id: number) => askSandbox('DELETE', `phones/${number}/devices/${id}`),
    onSuccess: () => {
      toast(t('unlinked'));
      return refresh();
    },
    onError: toastError,
  });
  return (
    <Card title={t('linked')}>
      {devices.length === 0 && <p>{t('notLinked')}</p>}
      {devices.length > 0 && (
        <ul className={styles.devices}>
          {devices.map(({ id, name, platform, connected, waiting: count }) => (
            <li key={id}>
              <span>
                {name ?? platform}{' '}
                <Badge tone={connected ? 'good' : 'warn'}>{t(connected ? 'deviceOn' : 'deviceOff')}</Badge>{' '}
                {count > 0 && <Muted>{t('deviceWaiting', { count })}</Muted>}
              </span>
              <Button
                size="small"
                look="danger"
                aria-label={t('unlinkOf', { id })}
                isBusy={unlink.isPending}
                onClick={() => unlink.mutate(id)}
              >
                {t('unlink')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <div className={styles.linking}>
        <h3>{t('link')}</h3>
        {waiting.length === 0 ? (
          <>
            <p>
              <Muted>{t('nothingToScan')}</Muted>
            </p>
            <LinkButton to="/sessions" search={{ create: true }} size="small">
              {t('newSession')}
            </LinkButton>
          </>
        ) : (
          <Row>
            {waiting.map((session) => (
              <Button
                key={session.id}
                look="primary"
                isBusy={scan.isPending && scan.variables.id === session.id}
                onClick={() => scan.mutate(session)}
              >
                <ScanLine aria-hidden="true" />
                {t('scan', { name: session.name })}
              </Button>
            ))}
          </Row>
        )}
      </div>
    </Card>
  );
}
