import { useMutation, useQuery } from '@tanstack/react-query';
import { ArrowLeft, Image, SendHorizontal, SquarePen, Wifi, WifiOff } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { useForm } from 'react-hook-form';
import { base64Of } from '../../api/base64-of.ts';
import { askSandbox, mediaUrl, type Phone, type PhoneMessage } from '../../api/sandbox.ts';
import { phone as shownNumber, time } from '../../i18n/format.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Checkbox, Form, Row, TextField } from '../../ui/field.tsx';
import { Notice } from '../../ui/surface.tsx';
import { toast, toastError } from '../../ui/toast.tsx';
import { sessionsQuery } from '../sessions/queries.ts';
import styles from './phone.module.css';
import { messagesQuery, phonesQuery, refreshSandbox } from './queries.ts';
import { phoneTexts } from './texts.ts';

const MOST_BYTES = 5_000_000;
const READ_AFTER_MS = 600;

/** The phone as it is drawn: its chats, or one of them. */
export function Device({ phone }: { phone: Phone }) {
  const t = phoneTexts.use();
  const [chat, setChat] = useState<string>();
  const { number, name, online, receipts } = phone;
  const messages = useQuery(messagesQuery(number));
  const change = useMutation({
    mutationFn: (settings: object) => askSandbox<Phone>('PATCH', `phones/${number}`, settings),
    onSuccess: refreshSandbox,
    onError: toastError,
  });
  const reads = receipts !== 'off' && typeof receipts.readMs === 'number';
  return (
    <div className={styles.body}>
      <section className={styles.device} aria-label={t('screen', { name })}>
        <div className={styles.status}>
          <span>{shownNumber(number)}</span>
          <span>
            {online ? <Wifi aria-hidden="true" /> : <WifiOff aria-hidden="true" />}
            {t(online ? 'online' : 'offline')}
          </span>
        </div>
        <div className={styles.screen}>
          {chat === undefined ? (
            <Chats phone={phone} messages={messages.data ?? []} onOpen={setChat} />
          ) : (
            <Chat
              phone={phone}
              chat={chat}
              messages={(messages.data ?? []).filter((message) => message.chat === chat)}
              onBack={() => setChat(undefined)}
            />
          )}
        </div>
      </section>
      <div className={styles.controls}>
        <Button isBusy={change.isPending} onClick={() => change.mutate({ online: !online })}>
          {online ? <WifiOff aria-hidden="true" /> : <Wifi aria-hidden="true" />}
          {t(online ? 'goOffline' : 'goOnline')}
        </Button>
        <Checkbox
          label={t('reads')}
          checked={reads}
          onChange={({ target }) =>
            change.mutate({ receipts: { deliveredMs: 150, readMs: target.checked ? READ_AFTER_MS : null } })
          }
        />
      </div>
      {!online && <Notice tone="warn">{t('offlineNote')}</Notice>}
    </div>
  );
}

const initialOf = (name: string): string => [...name][0]?.toUpperCase() ?? '?';

/** How a number is called here: by its session, else by its phone, else by itself. */
function useNames(): (chat: string) => string {
  const sessions = useQuery(sessionsQuery);
  const phones = useQuery(phonesQuery);
  return (chat) => {
    const session = sessions.data?.sessions.find(({ phoneNumber }) => phoneNumber?.replace(/\D/g, '') === chat);
    if (session) return session.name;
    const phone = phones.data?.find(({ number }) => number === chat);
    if (phone) return phone.name;
    return /^\d+$/.test(chat) ? shownNumber(chat) : chat;
  };
}

function Chats({
  phone,
  messages,
  onOpen,
}: {
  phone: Phone;
  messages: readonly PhoneMessage[];
  onOpen(chat: string): void;
}) {
  const t = phoneTexts.use();
  const nameOf = useNames();
  const [isNew, setNew] = useState(false);
  const latest = new Map<string, PhoneMessage>();
  for (const message of messages) {
    latest.delete(message.chat);
    latest.set(message.chat, message);
  }
  const chats = [...latest].reverse();
  return (
    <>
      <div className={styles.bar}>
        <h2>{t('chats')}</h2>
        <Button look="quiet" size="small" isIcon aria-label={t('newChat')} onClick={() => setNew(true)}>
          <SquarePen />
        </Button>
      </div>
      <div className={styles.chats}>
        {chats.length === 0 && <p className={styles.none}>{t('noChats')}</p>}
        <ul>
          {chats.map(([chat, message]) => (
            <li key={chat}>
              <button type="button" className={styles.chat} onClick={() => onOpen(chat)}>
                <span className={styles.avatar} aria-hidden="true">
                  {initialOf(nameOf(chat).replace('+', ''))}
                </span>
                <span>
                  <strong>{nameOf(chat)}</strong>
                  <small>{previewOf(message, t)}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
      <span />
      <NewChat
        phone={phone}
        isOpen={isNew}
        onClose={() => setNew(false)}
        onOpen={(chat) => {
          setNew(false);
          onOpen(chat);
        }}
      />
    </>
  );
}

type PhoneWords = ReturnType<typeof phoneTexts.use>;

function previewOf({ text, type, media, changed, fromMe }: PhoneMessage, t: PhoneWords): string {
  const words = changed.isDeleted
    ? t('deleted')
    : (changed.text ?? text ?? (media ? t(type === 'image' ? 'picture' : 'file', { type }) : type));
  return fromMe ? `${t('you')}: ${words}` : words;
}

function NewChat({
  phone,
  isOpen,
  onClose,
  onOpen,
}: {
  phone: Phone;
  isOpen: boolean;
  onClose(): void;
  onOpen(chat: string): void;
}) {
  const t = phoneTexts.use();
  const sessions = useQuery(sessionsQuery);
  const { register, handleSubmit, formState } = useForm({ defaultValues: { number: '' } });
  const offered = sessions.data?.sessions.filter(
    ({ phoneNumber }) => phoneNumber && phoneNumber.replace(/\D/g, '') !== phone.number,
  );
  return (
    <Dialog title={t('newChat')} isOpen={isOpen} onClose={onClose}>
      <Form onSubmit={(event) => void handleSubmit(({ number }) => onOpen(number.replace(/\D/g, '')))(event)}>
        <TextField
          label={t('number')}
          hint={t('newChatHint')}
          type="tel"
          autoFocus
          list="sandbox-sessions"
          error={formState.errors.number?.message}
          {...register('number', { validate: (value) => value.replace(/\D/g, '').length >= 5 || t('numberMissing') })}
        />
        <datalist id="sandbox-sessions">
          {offered?.map(({ id, name, phoneNumber }) => (
            <option key={id} value={phoneNumber ?? ''}>
              {name}
            </option>
          ))}
        </datalist>
        <Row atEnd>
          <Button type="submit" look="primary">
            {t('open')}
          </Button>
        </Row>
      </Form>
    </Dialog>
  );
}

function Chat({
  phone: { number },
  chat,
  messages,
  onBack,
}: {
  phone: Phone;
  chat: string;
  messages: readonly PhoneMessage[];
  onBack(): void;
}) {
  const t = phoneTexts.use();
  const nameOf = useNames();
  const [text, setText] = useState('');
  const end = useRef<HTMLDivElement>(null);
  const lastSeq = messages.at(-1)?.seq;
  useEffect(() => {
    void lastSeq;
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [lastSeq]);
  const send = useMutation({
    mutationFn: (message: object) => askSandbox('POST', `phones/${number}/messages`, { to: chat, ...message }),
    onSuccess: refreshSandbox,
    onError: toastError,
  });
  const sendText = (event?: FormEvent) => {
    event?.preventDefault();
    const words = text.trim();
    if (words === '') return;
    send.mutate({ type: 'text', text: words }, { onError: () => setText(words) });
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    sendText();
  };
  const attach = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MOST_BYTES) toast(t('tooLarge'));
    else
      send.mutate({
        type: 'image',
        data: await base64Of(file),
        mimetype: file.type,
        ...(text.trim() && { caption: text.trim() }),
      });
  };
  const name = nameOf(chat);
  return (
    <>
      <div className={styles.bar}>
        <Button look="quiet" size="small" isIcon aria-label={t('back')} onClick={onBack}>
          <ArrowLeft />
        </Button>
        <span className={styles.avatar} aria-hidden="true">
          {initialOf(name.replace('+', ''))}
        </span>
        <h2>{name}</h2>
      </div>
      <div className={styles.messages} role="log" aria-label={t('messagesOf', { name })} tabIndex={0}>
        {messages
          .filter(({ changed }) => !changed.isHidden)
          .map((message) => (
            <Bubble key={message.seq} number={number} message={message} />
          ))}
        <div ref={end} />
      </div>
      <form className={styles.write} onSubmit={sendText}>
        <label className={styles.attach} title={t('attach')}>
          <span className="visually-hidden">{t('attach')}</span>
          <Image aria-hidden="true" />
          <input
            type="file"
            accept="image/png,image/jpeg,image/webp,image/gif"
            onChange={({ target }) => {
              void attach(target.files?.[0]).catch(toastError);
              target.value = '';
            }}
          />
        </label>
        <textarea
          aria-label={t('write')}
          placeholder={t('write')}
          value={text}
          onChange={({ target }) => setText(target.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className={styles.send} aria-label={t('send')} disabled={text.trim() === ''}>
          <SendHorizontal aria-hidden="true" />
        </button>
      </form>
    </>
  );
}

function Bubble({ number, message }: { number: string; message: PhoneMessage }) {
  const t = phoneTexts.use();
  const { id, fromMe, text, type, media, at, changed, receipts, wireCount, details } = message;
  const words = changed.text ?? text;
  const isShownAsPicture = media !== null && (type === 'image' || type === 'sticker');
  const stage = receipts.read.length > 0 ? t('read') : receipts.delivered.length > 0 ? t('delivered') : t('sent');
  const reactions = Object.values(changed.reactions).join(' ');
  return (
    <div className={styles.bubble} data-mine={fromMe}>
      {changed.isDeleted ? (
        <em>{t('deleted')}</em>
      ) : (
        <>
          {isShownAsPicture && <img src={mediaUrl(number, id)} alt={t('picture')} loading="lazy" />}
          {media && !isShownAsPicture && <em>{media.fileName ?? t('file', { type })}</em>}
          {words ?? (!media && <em>{`${type} ${textOfDetails(details)}`.trim()}</em>)}
          {reactions && ` ${reactions}`}
        </>
      )}
      <div className={styles.meta}>
        {changed.isEdited && <span>{t('edited')}</span>}
        {wireCount > 1 && <span>{t('twice', { count: wireCount })}</span>}
        <time dateTime={new Date(at).toISOString()}>{time(at)}</time>
        {fromMe && <span>{stage}</span>}
      </div>
    </div>
  );
}

/** The values of a kind in a line, such as the options of a poll. */
function textOfDetails(details: Record<string, unknown>): string {
  return Object.values(details)
    .flat()
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .join(' · ');
}
