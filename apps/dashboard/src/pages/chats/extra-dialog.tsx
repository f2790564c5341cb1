import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Checkbox, Form, Row, TextField } from '../../ui/field.tsx';
import { Notice } from '../../ui/surface.tsx';
import { chatsTexts } from './texts.ts';

export type Extra = 'location' | 'poll' | 'contact';
type Body = Record<string, unknown> & { type: string };

const MAX_OPTIONS = 12;
const TITLES = { location: 'attachLocation', poll: 'attachPoll', contact: 'attachContact' } as const;

/** Messages that are made of fields. */
export function ExtraDialog({
  kind,
  isBusy,
  onClose,
  onSend,
}: {
  kind: Extra;
  isBusy: boolean;
  onClose(): void;
  onSend(body: Body): void;
}) {
  const t = chatsTexts.use();
  const [values, setValues] = useState<Record<string, string>>({});
  const [options, setOptions] = useState(['', '']);
  const [several, setSeveral] = useState(false);
  const [problem, setProblem] = useState<string>();
  const field = (name: string) => ({
    value: values[name] ?? '',
    onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }),
  });
  const value = (name: string) => (values[name] ?? '').trim();

  const bodies: Record<Extra, () => Body | string> = {
    location() {
      const [latitude, longitude] = [Number(value('latitude')), Number(value('longitude'))];
      const isRight = value('latitude') && value('longitude') && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
      if (!isRight) return t('placeWrong');
      return { type: 'location', latitude, longitude, ...(value('name') && { name: value('name') }) };
    },
    poll() {
      const filled = [...new Set(options.map((one) => one.trim()).filter(Boolean))];
      if (!value('question') || filled.length < 2) return t('pollIncomplete');
      return {
        type: 'poll',
        question: value('question'),
        options: filled,
        selectableCount: several ? filled.length : 1,
      };
    },
    contact() {
      if (!value('name') || !value('number')) return t('contactMissing');
      return { type: 'contact', contacts: [{ name: value('name'), phones: [{ number: value('number') }] }] };
    },
  };

  return (
    <Dialog title={t(TITLES[kind])} isOpen onClose={onClose}>
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          const body = bodies[kind]();
          if (typeof body === 'string') setProblem(body);
          else onSend(body);
        }}
      >
        {problem && (
          <Notice tone="bad" isAnnounced>
            {problem}
          </Notice>
        )}
        {kind === 'location' && (
          <>
            <TextField label={t('latitude')} inputMode="decimal" autoFocus {...field('latitude')} />
            <TextField label={t('longitude')} inputMode="decimal" {...field('longitude')} />
            <TextField label={t('placeName')} isOptional {...field('name')} />
          </>
        )}
        {kind === 'contact' && (
          <>
            <TextField label={t('contactName')} autoFocus {...field('name')} />
            <TextField label={t('contactNumber')} type="tel" {...field('number')} />
          </>
        )}
        {kind === 'poll' && (
          <>
            <TextField label={t('question')} autoFocus {...field('question')} />
            {options.map((option, index) => (
              <TextField
                key={index}
                label={t('option', { number: index + 1 })}
                value={option}
                onChange={(event) => setOptions(options.with(index, event.target.value))}
              />
            ))}
            {options.length < MAX_OPTIONS && (
              <div>
                <Button size="small" onClick={() => setOptions([...options, ''])}>
                  <Plus aria-hidden="true" />
                  {t('addOption')}
                </Button>
              </div>
            )}
            <Checkbox label={t('several')} checked={several} onChange={(event) => setSeveral(event.target.checked)} />
          </>
        )}
        <Row atEnd>
          <Button type="submit" look="primary" isBusy={isBusy}>
            {t('send')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}
