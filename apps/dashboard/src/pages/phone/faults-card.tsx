import { useMutation, useQuery } from '@tanstack/react-query';
import { Zap } from 'lucide-react';
import { useState } from 'react';
import { askSandbox, type Fault, type Phone } from '../../api/sandbox.ts';
import { Button } from '../../ui/button.tsx';
import { Row, SelectField } from '../../ui/field.tsx';
import { Card } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import styles from './phone.module.css';
import { faultsQuery, refreshSandbox } from './queries.ts';
import { phoneTexts } from './texts.ts';

/** Those that show something on this page, with the fields that they need. */
const FAULTS = {
  cut: {},
  freeze: { ms: 20_000 },
  delay: { ms: 5_000 },
  drop: {},
  duplicate: {},
  corrupt: {},
  unreadable: {},
  nack: {},
  'login-failure': {},
  replace: {},
  'time-lock': {},
  ban: {},
  'media-truncated': {},
} as const satisfies Record<string, object>;
type FaultKind = keyof typeof FAULTS;
const isKnown = (kind: string): kind is FaultKind => kind in FAULTS;

/** Faults for the devices of a phone, and those that wait to strike. */
export function FaultsCard({ phone: { number, devices } }: { phone: Phone }) {
  const t = phoneTexts.use();
  const [kind, setKind] = useState<FaultKind>('cut');
  const [device, setDevice] = useState('');
  const faults = useQuery(faultsQuery);
  const nameOf = (name: string): string => (isKnown(name) ? t(`fault_${name}`) : name);
  const inject = useMutation({
    mutationFn: () =>
      askSandbox<Fault>('POST', 'faults', { kind, ...FAULTS[kind], ...(device ? { device } : { phone: number }) }),
    onSuccess: () => {
      toast(t('injected', { kind: nameOf(kind) }));
      return refreshSandbox();
    },
    onError: toastError,
  });
  const cancel = useMutation({
    mutationFn: (id: string) => askSandbox('DELETE', `faults/${id}`),
    onSuccess: refreshSandbox,
    onError: toastError,
  });
  const waiting = faults.data?.filter(({ remaining }) => remaining !== 0) ?? [];
  return (
    <Card title={t('faults')} lead={t('faultsLead')}>
      <div className={styles.faults}>
        <SelectField label={t('fault')} value={kind} onChange={({ target }) => setKind(target.value as FaultKind)}>
          {(Object.keys(FAULTS) as FaultKind[]).map((one) => (
            <option key={one} value={one}>
              {t(`fault_${one}`)}
            </option>
          ))}
        </SelectField>
        {devices.length > 1 && (
          <SelectField label={t('target')} value={device} onChange={({ target }) => setDevice(target.value)}>
            <option value="">{t('everybody')}</option>
            {devices.map((one) => (
              <option key={one.id} value={one.device}>
                {one.device}
              </option>
            ))}
          </SelectField>
        )}
        <Row>
          <Button look="danger" isBusy={inject.isPending} onClick={() => inject.mutate()}>
            <Zap aria-hidden="true" />
            {t('inject')}
          </Button>
        </Row>
        {waiting.length > 0 && (
          <>
            <h3>{t('waiting')}</h3>
            <ul>
              {waiting.map(({ id, kind: name }) => (
                <li key={id}>
                  {nameOf(name)}
                  <Button
                    size="small"
                    aria-label={t('cancelFault', { kind: nameOf(name) })}
                    onClick={() => cancel.mutate(id)}
                  >
                    {t('cancel')}
                  </Button>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </Card>
  );
}
