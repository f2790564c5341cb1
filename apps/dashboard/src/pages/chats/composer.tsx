import { useMutation } from '@tanstack/react-query';
import { BarChart3, CircleUser, FileUp, MapPin, Paperclip, SendHorizontal, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { api, UPLOAD } from '../../api/client.ts';
import { queryClient, repeatable } from '../../api/query-client.ts';
import type { Message, SendRequest } from '../../api/types.ts';
import { bytes } from '../../i18n/format.ts';
import { freshenMessages } from '../../live/newest-messages.ts';
import buttonStyles from '../../ui/button.module.css';
import { Button } from '../../ui/button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { ErrorNotice } from '../../ui/surface.tsx';
import styles from './chats.module.css';
import { type Extra, ExtraDialog } from './extra-dialog.tsx';
import { nameOfSender } from './names.ts';
import { chatsTexts } from './texts.ts';

interface Draft {
  /** The fields of the request, without the recipient. */
  body: Record<string, unknown> & { type: string };
  file?: File | undefined;
}

/** A draft with what all tries to send it have in common. */
interface Attempted extends Draft {
  clientMessageId: string;
  uploaded: { mediaId?: string };
}

/** Unlike `randomUUID` it exists on pages without TLS too. */
const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

const draftKey = (sessionId: string, chat: string): string => `wag.draft ${sessionId} ${chat}`;

function kindOf({ type }: File): 'image' | 'video' | 'audio' | 'document' {
  if (/^image\/(?:jpeg|png|webp|gif)$/.test(type)) return 'image';
  if (type.startsWith('video/')) return 'video';
  return type.startsWith('audio/') ? 'audio' : 'document';
}

async function upload(file: File, sessionId: string): Promise<string> {
  const form = new FormData();
  form.set('sessionId', sessionId);
  form.set('file', file, file.name);
  const { mediaId } = await api.media.create({ body: form }, UPLOAD);
  return mediaId;
}

/** Where messages are written. What is typed is kept until it is sent, also over a reload. */
export function Composer({
  sessionId,
  chat,
  replyTo,
  onReplied,
}: {
  sessionId: string;
  chat: string;
  replyTo: Message | undefined;
  onReplied(): void;
}) {
  const t = chatsTexts.use();
  const key = draftKey(sessionId, chat);
  const [text, setText] = useState(() => sessionStorage.getItem(key) ?? '');
  const [file, setFile] = useState<File>();
  const [extra, setExtra] = useState<Extra>();
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  }, [key, text]);
  useEffect(() => {
    if (replyTo) field.current?.focus();
  }, [replyTo]);
  useEffect(() => {
    const element = field.current;
    if (!element) return;
    void text;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight + 2, 160)}px`;
  }, [text]);

  const send = useMutation({
    ...repeatable,
    // The ids of message and file make a second try the same message.
    mutationFn: async ({ body, file: attached, clientMessageId, uploaded }: Attempted) => {
      if (attached) uploaded.mediaId ??= await upload(attached, sessionId);
      const media = attached ? { media: uploaded, fileName: attached.name } : {};
      return api.messages.send(
        { id: sessionId, wait: 'queued', body: { to: chat, ...body, ...media, clientMessageId } as SendRequest },
        { idempotencyKey: clientMessageId },
      );
    },
    onSettled: () => {
      freshenMessages(queryClient, sessionId, { afterMs: 0 });
      return queryClient.invalidateQueries({ queryKey: ['chats'] });
    },
  });

  const submit = (draft: Draft) => {
    const quoted = replyTo ? { replyTo: replyTo.messageId } : {};
    send.mutate(
      { ...draft, body: { ...draft.body, ...quoted }, clientMessageId: newId(), uploaded: {} },
      {
        onSuccess: () => {
          setText((present) => (present === text ? '' : present));
          setFile(undefined);
          setExtra(undefined);
          onReplied();
          field.current?.focus();
        },
      },
    );
  };
  const sendWritten = () => {
    if (send.isPending) return;
    if (file) submit({ body: { type: kindOf(file), ...(text.trim() && { caption: text.trim() }) }, file });
    else if (text.trim()) submit({ body: { type: 'text', message: text.trim() } });
  };

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        sendWritten();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        setFile(event.dataTransfer.files[0]);
      }}
    >
      {send.error && <ErrorNotice error={send.error} />}
      {replyTo && (
        <p className={styles.attached}>
          <span>
            <strong>{t('replyTo', { name: replyTo.fromMe ? t('you') : nameOfSender(replyTo) })}</strong> {replyTo.text}
          </span>
          <Button look="quiet" size="small" isIcon aria-label={t('remove')} onClick={onReplied}>
            <X />
          </Button>
        </p>
      )}
      {file && (
        <p className={styles.attached}>
          <span>
            <strong>{file.name}</strong> {bytes(file.size)}
          </span>
          <Button look="quiet" size="small" isIcon aria-label={t('remove')} onClick={() => setFile(undefined)}>
            <X />
          </Button>
        </p>
      )}
      <div className={styles.composeRow}>
        <Menu
          label={t('attach')}
          trigger={
            <AriaButton
              aria-label={t('attach')}
              className={`${buttonStyles.button} ${buttonStyles.quiet} ${buttonStyles.icon}`}
            >
              <Paperclip aria-hidden="true" />
            </AriaButton>
          }
          sections={[
            {
              entries: [
                { id: 'file', label: t('attachFile'), icon: FileUp, onAction: () => picker.current?.click() },
                { id: 'location', label: t('attachLocation'), icon: MapPin, onAction: () => setExtra('location') },
                { id: 'poll', label: t('attachPoll'), icon: BarChart3, onAction: () => setExtra('poll') },
                { id: 'contact', label: t('attachContact'), icon: CircleUser, onAction: () => setExtra('contact') },
              ],
            },
          ]}
        />
        <input
          ref={picker}
          type="file"
          hidden
          aria-label={t('attachFile')}
          onChange={(event) => {
            setFile(event.target.files?.[0]);
            event.target.value = '';
          }}
        />
        <textarea
          ref={field}
          rows={1}
          aria-label={file ? t('caption') : t('compose')}
          placeholder={file ? t('caption') : t('compose')}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            sendWritten();
          }}
          onPaste={(event) => {
            const pasted = event.clipboardData.files[0];
            if (pasted) setFile(pasted);
          }}
        />
        <Button
          type="submit"
          look="primary"
          isIcon
          aria-label={t('send')}
          isBusy={send.isPending}
          disabled={!file && text.trim() === ''}
        >
          <SendHorizontal />
        </Button>
      </div>
      {extra && (
        <ExtraDialog
          kind={extra}
          isBusy={send.isPending}
          onClose={() => setExtra(undefined)}
          onSend={(body) => submit({ body })}
        />
      )}
    </form>
  );
}
