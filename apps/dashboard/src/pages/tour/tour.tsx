import { useMutation, useQuery } from '@tanstack/react-query';
import { Check } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { api } from '../../api/client.ts';
import { queryClient } from '../../api/query-client.ts';
import { askSandbox, type Phone, type PhoneMessage } from '../../api/sandbox.ts';
import { phone } from '../../i18n/format.ts';
import { Button, LinkButton } from '../../ui/button.tsx';
import { Card, ErrorNotice, Notice } from '../../ui/surface.tsx';
import { useQr } from '../session/use-qr.ts';
import { sessionQuery } from '../sessions/queries.ts';
import { tourTexts } from './texts.ts';
import styles from './tour.module.css';

const SEEN = 'wag.tour';
const LOOK_EVERY_MS = 400;

/** For the first day: from nothing to a message on a phone of the sandbox. Shown where there is a sandbox. */
export function Tour({ hasSessions }: { hasSessions: boolean }) {
  const [isSeen, setSeen] = useState(() => localStorage.getItem(SEEN) !== null);
  const [isBegun, setBegun] = useState(false);
  const sandbox = useQuery({
    queryKey: ['sandbox'],
    queryFn: () => askSandbox<{ phones: Phone[] }>('GET', 'phones?limit=1'),
    retry: false,
    enabled: !isSeen,
  });
  if (isSeen || !sandbox.data || (hasSessions && !isBegun)) return null;
  const leave = () => {
    localStorage.setItem(SEEN, 'seen');
    setSeen(true);
  };
  return <Steps onBegin={() => setBegun(true)} onLeave={leave} />;
}

function Steps({ onBegin, onLeave }: { onBegin(): void; onLeave(): void }) {
  const t = tourTexts.use();
  const [sessionId, setSessionId] = useState<string>();
  const make = useMutation({
    mutationFn: () => api.sessions.create({ body: { name: t('sessionName'), network: 'sandbox' } }),
    onSuccess: (session) => {
      onBegin();
      setSessionId(session.sessionId);
      void queryClient.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  const session = useQuery({ ...sessionQuery(sessionId ?? ''), enabled: sessionId !== undefined });
  const isConnected = session.data?.state === 'connected';
  const { qr } = useQr(sessionId ?? '', sessionId !== undefined && !isConnected);
  const scan = useMutation({
    mutationFn: async (code: string) => {
      const own = await askSandbox<Phone>('POST', 'phones', { name: t('shop') });
      await askSandbox('POST', `phones/${own.number}/scan`, { qr: code });
    },
  });
  const send = useMutation({
    mutationFn: async (id: string) => {
      const customer = await askSandbox<Phone>('POST', 'phones', { name: t('customer') });
      await api.messages.send({
        id,
        wait: 'delivered',
        body: { to: customer.number, type: 'text', message: t('message') },
      });
      return customer.number;
    },
  });
  const customer = send.data;
  const onPhone = useQuery({
    queryKey: ['sandbox', 'messages', customer],
    queryFn: () => askSandbox<{ messages: PhoneMessage[] }>('GET', `phones/${customer}/messages`),
    enabled: customer !== undefined,
    refetchInterval: ({ state }) => ((state.data?.messages.length ?? 0) > 0 ? false : LOOK_EVERY_MS),
  });
  const shown = onPhone.data?.messages ?? [];
  const error = make.error ?? scan.error ?? send.error;
  const now = customer !== undefined ? 4 : isConnected ? 3 : sessionId !== undefined ? 2 : 1;
  const isScanning = scan.isPending || (scan.isSuccess && !isConnected);
  return (
    <Card
      title={t('title')}
      lead={t('lead')}
      actions={
        <Button look="quiet" size="small" onClick={onLeave}>
          {t(shown.length > 0 ? 'close' : 'skip')}
        </Button>
      }
    >
      <ol className={styles.steps}>
        <Step number={1} now={now} title={t('step1')} text={t('step1Text')}>
          <Button look="primary" isBusy={make.isPending} onClick={() => make.mutate()}>
            {t('step1Action')}
          </Button>
        </Step>
        <Step number={2} now={now} title={t('step2')} text={t('step2Text')}>
          <Button look="primary" isBusy={!qr || isScanning} onClick={() => qr && scan.mutate(qr)}>
            {t(qr && !isScanning ? 'step2Action' : 'working')}
          </Button>
        </Step>
        <Step number={3} now={now} title={t('step3')} text={t('step3Text')}>
          <Button look="primary" isBusy={send.isPending} onClick={() => sessionId && send.mutate(sessionId)}>
            {t('step3Action')}
          </Button>
        </Step>
      </ol>
      {error && <ErrorNotice error={error} />}
      {customer !== undefined && shown.length > 0 && sessionId !== undefined && (
        <div className={styles.end}>
          <div
            className={styles.phone}
            role="img"
            aria-label={`${t('phoneOf', { number: phone(customer) })}: ${shown[0]?.text ?? ''}`}
          >
            {shown.map(({ id, text }) => (
              <p key={id}>{text}</p>
            ))}
          </div>
          <div>
            <Notice tone="good" isAnnounced>
              {t('done')}
            </Notice>
            <div className={styles.row}>
              <LinkButton
                to="/chats"
                search={{ session: sessionId, chat: `${customer}@s.whatsapp.net` }}
                look="primary"
              >
                {t('toChat')}
              </LinkButton>
              <LinkButton to="/sessions/$sessionId" params={{ sessionId }}>
                {t('toSession')}
              </LinkButton>
            </div>
          </div>
        </div>
      )}
    </Card>
  );
}

function Step({
  number,
  now,
  title,
  text,
  children,
}: {
  number: number;
  now: number;
  title: string;
  text: string;
  children: ReactNode;
}) {
  const state = now > number ? 'done' : now === number ? 'now' : 'later';
  return (
    <li className={styles.step} data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
      <span className={styles.number} aria-hidden="true">
        {state === 'done' ? <Check size={16} /> : number}
      </span>
      <div>
        <h3>{title}</h3>
        <p>{text}</p>
      </div>
      {state === 'now' && children}
    </li>
  );
}
