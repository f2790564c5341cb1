import { FileUp } from 'lucide-react';
import { useRef } from 'react';
import { api, UPLOAD } from '../../api/client.ts';
import { number } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Row, TextArea } from '../../ui/field.tsx';
import { Muted, Notice } from '../../ui/surface.tsx';
import styles from './broadcasts.module.css';
import { type RecipientList, RecipientListFields, sourceOf } from './recipient-list.tsx';
import { reasonWords } from './state.tsx';
import { broadcastsTexts } from './texts.ts';

/** Recipients of one request in JSON. */
const MOST_PASTED = 5_000;

export interface Recipients {
  /** Numbers in any spelling, with line breaks, commas or semicolons between them. */
  pasted: string;
  file: File | undefined;
  list: RecipientList | undefined;
}
export const NO_RECIPIENTS: Recipients = { pasted: '', file: undefined, list: undefined };

const numbersIn = (pasted: string): string[] =>
  pasted
    .split(/[\n,;]+/)
    .map((one) => one.trim())
    .filter(Boolean);

/** @returns a sentence that says what to do, or nothing when they can be sent */
export function refusalOf({ pasted, file, list }: Recipients): string | undefined {
  const { length } = numbersIn(pasted);
  if (list && !sourceOf(list)) return broadcastsTexts.now('listIncomplete');
  if (length === 0 && !file && !list) return broadcastsTexts.now('recipientsMissing');
  return length > MOST_PASTED
    ? broadcastsTexts.now('tooManyPasted', { count: number(length), most: number(MOST_PASTED) })
    : undefined;
}

type Source = { recipients: string[] } | NonNullable<ReturnType<typeof sourceOf>>;
const add = (id: string, body: Source) => api.broadcasts.addRecipients({ id, body });
const addFile = (id: string, file: File) => api.broadcasts.importRecipients({ id, body: file }, UPLOAD);

/** What became of the rows, and where they came from. */
export interface Intake {
  source: 'pasted' | 'file' | 'list';
  outcome: Awaited<ReturnType<typeof add>>;
}

export async function addRecipients(id: string, { pasted, file, list }: Recipients): Promise<Intake[]> {
  const numbers = numbersIn(pasted);
  const intakes: Intake[] = [];
  if (numbers.length > 0) intakes.push({ source: 'pasted', outcome: await add(id, { recipients: numbers }) });
  if (file) intakes.push({ source: 'file', outcome: await addFile(id, file) });
  const source = list && sourceOf(list);
  if (source) intakes.push({ source: 'list', outcome: await add(id, source) });
  return intakes;
}

/** Numbers to paste, a file of CSV, and people whom the workspace knows. */
export function RecipientFields({
  value,
  error,
  onChange,
}: {
  value: Recipients;
  error: string | undefined;
  onChange(value: Recipients): void;
}) {
  const t = broadcastsTexts.use();
  const picker = useRef<HTMLInputElement>(null);
  const { length } = numbersIn(value.pasted);
  return (
    <>
      <TextArea
        label={t('numbers')}
        hint={length > 0 ? t('numbersCount', { count: length }) : t('numbersHint')}
        error={error}
        rows={4}
        placeholder={'+62 812 3456 7890\n+62 812 9876 5432'}
        value={value.pasted}
        onChange={({ target }) => onChange({ ...value, pasted: target.value })}
      />
      <div className={styles.file}>
        <Row>
          <Button onClick={() => picker.current?.click()}>
            <FileUp aria-hidden="true" />
            {t('chooseFile')}
          </Button>
          {value.file && (
            <Button look="quiet" onClick={() => onChange({ ...value, file: undefined })}>
              {t('withoutFile')}
            </Button>
          )}
        </Row>
        <p role="status">{value.file && <strong>{value.file.name}</strong>}</p>
        <p>
          <Muted>{t('fileHint', { example: '{{order|…}}' })}</Muted>
        </p>
        <code>phoneNumber,name,order</code>
        <input
          ref={picker}
          type="file"
          accept=".csv,text/csv"
          hidden
          aria-label={t('chooseFile')}
          onChange={({ target }) => {
            const [file] = target.files ?? [];
            if (file) onChange({ ...value, file });
            target.value = '';
          }}
        />
      </div>
      <RecipientListFields value={value.list} onChange={(list) => onChange({ ...value, list })} />
    </>
  );
}

/** What was taken of a list, and every row that was not, with its line. */
export function IntakeNotice({ intake: { source, outcome } }: { intake: Intake }) {
  const t = broadcastsTexts.use();
  const { added, duplicates, refused, refusals } = outcome;
  return (
    <Notice tone={refused > 0 ? 'warn' : 'good'} title={t(`intake_${source}`)} isAnnounced>
      <p>
        {t('added', { count: added })}
        {duplicates > 0 && ` ${t('duplicates', { count: duplicates })}`}
        {refused > 0 && ` ${t('refused', { count: refused })}`}
      </p>
      {refusals.length > 0 && (
        // The list of a large file scrolls, also by the keyboard.
        <ul className={styles.refusals} tabIndex={0} aria-label={t('refusedRows')}>
          {refusals.map(({ line, reason }) => (
            <li key={line}>
              <strong>{t(source === 'file' ? 'line' : 'place', { line })}</strong> {reasonWords(reason)}
            </li>
          ))}
        </ul>
      )}
      {refused > refusals.length && <p>{t('moreRefused')}</p>}
    </Notice>
  );
}
