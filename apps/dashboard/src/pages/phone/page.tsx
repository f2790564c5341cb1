import { useMutation, useQuery } from '@tanstack/react-query';
import { MessageSquareDot, PlugZap, Plus } from 'lucide-react';
import { useState } from 'react';
import { useForm } from 'react-hook-form';
import { askSandbox, isWithoutSandbox, type Phone } from '../../api/sandbox.ts';
import { phone as shownNumber } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Form, Row, Select, TextField } from '../../ui/field.tsx';
import { Card, Empty, ErrorNotice, Loading, Page } from '../../ui/surface.tsx';
import { toast } from '../../ui/toast.tsx';
import { Device } from './device.tsx';
import { EventFeed } from './event-feed.tsx';
import { FaultsCard } from './faults-card.tsx';
import { LinkCard } from './link-card.tsx';
import styles from './phone.module.css';
import { phonesQuery, refreshSandbox } from './queries.ts';
import { phoneTexts } from './texts.ts';

export function PhonePage() {
  const t = phoneTexts.use();
  const phones = useQuery(phonesQuery);
  const [chosen, setChosen] = useState<string>();
  const [isMaking, setMaking] = useState(false);
  const all = phones.data ?? [];
  // Linked ones first: something comes of what is written there.
  const first = all.find(({ devices }) => devices.length > 0) ?? all[0];
  const phone = all.find(({ number }) => number === chosen) ?? first;
  const make = (
    <Button look="primary" onClick={() => setMaking(true)}>
      <Plus aria-hidden="true" />
      {t('create')}
    </Button>
  );
  if (phones.error && isWithoutSandbox(phones.error)) {
    return (
      <Page title={t('title')}>
        <Card>
          <Empty icon={PlugZap} title={t('missingTitle')}>
            {t('missingText')}
          </Empty>
        </Card>
      </Page>
    );
  }
  return (
    <Page title={t('title')} lead={t('lead')} actions={phone && make}>
      {phones.isLoading && <Loading rows={1} height={560} />}
      {phones.error && !phones.data && <ErrorNotice error={phones.error} onRetry={() => void phones.refetch()} />}
      {phones.data && !phone && (
        <Card>
          <Empty icon={MessageSquareDot} title={t('emptyTitle')} action={make}>
            {t('emptyText')}
          </Empty>
        </Card>
      )}
      {phone && (
        <div className={styles.layout}>
          <div className={styles.side}>
            <div className={styles.chooser}>
              <Select label={t('which')} value={phone.number} onChange={({ target }) => setChosen(target.value)}>
                {all.map(({ number, name }) => (
                  <option key={number} value={number}>
                    {name} · {shownNumber(number)}
                  </option>
                ))}
              </Select>
            </div>
            <Device key={phone.number} phone={phone} />
          </div>
          <div className={styles.side}>
            <LinkCard phone={phone} />
            <EventFeed />
            <FaultsCard key={phone.number} phone={phone} />
          </div>
        </div>
      )}
      <MakePhone isOpen={isMaking} onClose={() => setMaking(false)} onMade={setChosen} />
    </Page>
  );
}

function MakePhone({ isOpen, onClose, onMade }: { isOpen: boolean; onClose(): void; onMade(number: string): void }) {
  const t = phoneTexts.use();
  const { register, handleSubmit, formState, reset } = useForm({ defaultValues: { name: '' } });
  const close = () => {
    make.reset();
    reset();
    onClose();
  };
  const make = useMutation({
    mutationFn: (name: string) => askSandbox<Phone>('POST', 'phones', { name }),
    onSuccess: async ({ name, number }) => {
      toast(t('made', { name, number: shownNumber(number) }));
      await refreshSandbox();
      onMade(number);
      close();
    },
  });
  return (
    <Dialog title={t('create')} isOpen={isOpen} onClose={close}>
      <Form onSubmit={(event) => void handleSubmit(({ name }) => make.mutate(name.trim()))(event)}>
        {make.error && <ErrorNotice error={make.error} />}
        <TextField
          label={t('name')}
          hint={t('createHint')}
          autoFocus
          autoComplete="off"
          error={formState.errors.name?.message}
          {...register('name', { validate: (value) => value.trim() !== '' || t('nameMissing') })}
        />
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={make.isPending}>
            {t('create')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
