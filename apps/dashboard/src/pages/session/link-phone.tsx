import { useMutation } from '@tanstack/react-query';
import { QRCodeSVG } from 'qrcode.react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { api } from '../../api/client.ts';
import type { Session } from '../../api/types.ts';
import { Button } from '../../ui/button.tsx';
import { Form, TextField } from '../../ui/field.tsx';
import { Card, ErrorNotice, Notice } from '../../ui/surface.tsx';
import { useStateWords } from '../sessions/state.tsx';
import styles from './session.module.css';
import { sessionTexts } from './texts.ts';
import { useQr } from './use-qr.ts';

/** How a session gets its phone: a QR code, or a code of eight letters. */
export function LinkPhone({ session }: { session: Session }) {
  const t = sessionTexts.use();
  const words = useStateWords();
  const [way, setWay] = useState<'qr' | 'code'>('qr');
  const { state } = session;
  const isBeyond = ['pairing', 'passkey_required', 'passkey_confirmation_required'].includes(state);
  return (
    <Card title={t('link')}>
      {isBeyond ? (
        <Notice tone="info" title={words(state).label} isAnnounced>
          {words(state).next}
        </Notice>
      ) : (
        <>
          <div className={styles.switch}>
            {(['qr', 'code'] as const).map((one) => (
              <Button
                key={one}
                size="small"
                look={way === one ? 'secondary' : 'quiet'}
                aria-pressed={way === one}
                onClick={() => setWay(one)}
              >
                {t(one === 'qr' ? 'byQr' : 'byCode')}
              </Button>
            ))}
          </div>
          {way === 'qr' ? <ByQr session={session} /> : <ByCode session={session} />}
        </>
      )}
    </Card>
  );
}

function ByQr({ session }: { session: Session }) {
  const t = sessionTexts.use();
  const { qr, attempt } = useQr(session.sessionId, true);
  return (
    <div className={styles.link}>
      <div className={styles.qr}>
        {qr ? (
          <QRCodeSVG value={qr} role="img" aria-label={t('qrName', { name: session.name })} level="L" data-qr={qr} />
        ) : (
          <p>{t('qrWaiting')}</p>
        )}
      </div>
      <div>
        <ol className={styles.steps}>
          <li>{t('qrSteps1')}</li>
          <li>{t('qrSteps2')}</li>
          <li>{t('qrSteps3')}</li>
        </ol>
        <div className={styles.below} role="status">
          {attempt === null ? '' : t('qrRenews', { attempt })}
        </div>
        {qr && (
          <details className={styles.below}>
            <summary>{t('qrText')}</summary>
            <code>{qr}</code>
          </details>
        )}
      </div>
    </div>
  );
}

function ByCode({ session }: { session: Session }) {
  const t = sessionTexts.use();
  const { register, handleSubmit, formState } = useForm({ defaultValues: { phoneNumber: '' } });
  const ask = useMutation({
    mutationFn: (phoneNumber: string) =>
      api.sessions.pairingCode({ id: session.sessionId, body: { phoneNumber: phoneNumber.replace(/\D/g, '') } }),
  });
  if (ask.data) {
    const { pairingCode } = ask.data;
    return (
      <div role="status">
        <p>{t('codeSteps')}</p>
        <p className={styles.code}>
          <span className="visually-hidden">{t('code')}: </span>
          {pairingCode.length === 8 ? `${pairingCode.slice(0, 4)}-${pairingCode.slice(4)}` : pairingCode}
        </p>
      </div>
    );
  }
  return (
    <Form onSubmit={(event) => void handleSubmit(({ phoneNumber }) => ask.mutate(phoneNumber))(event)}>
      {ask.error && <ErrorNotice error={ask.error} />}
      <TextField
        label={t('phoneNumber')}
        hint={t('phoneHint')}
        type="tel"
        autoComplete="off"
        error={formState.errors.phoneNumber?.message}
        {...register('phoneNumber', { required: t('phoneMissing') })}
      />
      <div>
        <Button type="submit" look="primary" isBusy={ask.isPending}>
          {t('getCode')}
        </Button>
      </div>
    </Form>
  );
}
