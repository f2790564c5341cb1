import { CalendarDays, CircleUser, FileText, MapPin, Package } from 'lucide-react';
import { apiUrl } from '../../api/base-path.ts';
import type { Message } from '../../api/types.ts';
import { bytes, dateTime } from '../../i18n/format.ts';
import styles from './chats.module.css';
import { GroupInvitation } from './group-invitation.tsx';
import { LinkedText } from './linked-text.tsx';
import { chatsTexts } from './texts.ts';
import { Tile } from './tile.tsx';

type Content = Record<string, unknown>;
const word = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): Content[] => (Array.isArray(value) ? (value as Content[]) : []);

const contentUrl = (mediaId: string, isDownload = false): string =>
  apiUrl(`/api/media/${encodeURIComponent(mediaId)}/content${isDownload ? '?download=true' : ''}`);

/** What a message contains, of every kind. Everything in it is text of somebody else. */
export function MessageContent({ message }: { message: Message }) {
  const t = chatsTexts.use();
  const { type, text, media } = message;
  const content = (message.content ?? {}) as Content;
  if (message.revokedAt) return <p className={styles.deleted}>{t('deleted')}</p>;
  const caption = text && (
    <p className={styles.text}>
      <LinkedText text={text} />
    </p>
  );
  if (media) {
    return (
      <>
        <Media message={message} />
        {caption}
      </>
    );
  }
  switch (type) {
    case 'text':
      return (
        <>
          {message.linkPreview && <Preview preview={message.linkPreview} />}
          {caption}
        </>
      );
    case 'location':
      return <Place content={content} text={text} />;
    case 'contact':
      return (
        <>
          {list(content.contacts).map((card, index) => (
            <Tile key={index} icon={<CircleUser />} title={word(card.name) || t('contact')}>
              {list(card.phones)
                .map((one) => word(one.number) || word(one))
                .join(', ')}
            </Tile>
          ))}
        </>
      );
    case 'poll':
      return <Poll message={message} content={content} />;
    case 'event':
      return (
        <Tile icon={<CalendarDays />} title={text ?? t('event')}>
          {word(content.startTime) && dateTime(word(content.startTime))}
          {word(content.description) && <span>{word(content.description)}</span>}
        </Tile>
      );
    case 'groupInvite':
      return (
        <GroupInvitation
          message={message}
          invitation={{
            groupId: word(content.groupId),
            groupName: word(content.groupName),
            code: word(content.code),
            expiresAt: word(content.expiresAt),
          }}
        />
      );
    case 'order':
    case 'product':
      return (
        <Tile icon={<Package />} title={word(content.title) || t(type)}>
          {text}
        </Tile>
      );
    case 'album':
      return <p className={styles.faint}>{t('album')}</p>;
    case 'system':
      return <p className={styles.faint}>{text ?? t('system')}</p>;
    default: {
      const buttons = [...list(content.buttons), ...list(content.sections).flatMap(({ rows }) => list(rows))];
      return (
        <>
          {word(content.title) && <strong>{word(content.title)}</strong>}
          {caption || <p className={styles.faint}>{t('other')}</p>}
          {word(content.footer) && <p className={styles.faint}>{word(content.footer)}</p>}
          {buttons.length > 0 && (
            <ul className={styles.choices}>
              {buttons.map((button, index) => (
                <li key={index}>{word(button.text) || word(button.title)}</li>
              ))}
            </ul>
          )}
        </>
      );
    }
  }
}

function Preview({
  preview: { url, title, description },
}: {
  preview: { url: string; title?: string; description?: string };
}) {
  return (
    <div className={styles.preview}>
      <strong>{title ?? url}</strong>
      {description && <p>{description}</p>}
    </div>
  );
}

function Place({ content, text }: { content: Content; text: string | null }) {
  const t = chatsTexts.use();
  const [latitude, longitude] = [Number(content.latitude), Number(content.longitude)];
  const isKnown = Number.isFinite(latitude) && Number.isFinite(longitude);
  return (
    <Tile icon={<MapPin />} title={word(content.name) || text || t('location')}>
      {word(content.address)}
      {isKnown && (
        <a
          href={`https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`}
          target="_blank"
          rel="noopener noreferrer"
        >
          {t('openMap')} ({latitude.toFixed(4)}, {longitude.toFixed(4)})
        </a>
      )}
    </Tile>
  );
}

function Poll({ message, content }: { message: Message; content: Content }) {
  const t = chatsTexts.use();
  const options = Array.isArray(content.options) ? (content.options as unknown[]).map(word) : [];
  const votes = new Map(message.votes?.options.map(({ name, votes: count }) => [name, count]));
  const most = Math.max(1, ...votes.values());
  return (
    <div className={styles.poll}>
      <strong>{message.text}</strong>
      <ul>
        {options.map((option) => {
          const count = votes.get(option) ?? 0;
          return (
            <li key={option}>
              <span>{option}</span>
              <span>{t('votes', { count })}</span>
              <i style={{ width: `${(count / most) * 100}%` }} aria-hidden="true" />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const STILL: Record<string, 'mediaPending' | 'mediaExpired' | 'mediaFailed'> = {
  pending: 'mediaPending',
  expired: 'mediaExpired',
  failed: 'mediaFailed',
};

function Media({ message: { type, media, content } }: { message: Message }) {
  const t = chatsTexts.use();
  if (!media) return null;
  const { mediaId, status, mimetype = '', fileName, size, width, height, seconds, thumbnail } = media;
  const kind = type in KINDS ? t(KINDS[type as keyof typeof KINDS]) : t('document');
  const name = fileName ?? kind;
  const still = STILL[status];
  // The place is kept before the file is there, so that nothing jumps.
  const ratio = width && height ? { aspectRatio: `${width} / ${height}` } : {};
  if (still) {
    return (
      <div className={styles.media} style={ratio}>
        {thumbnail && <img src={`data:image/jpeg;base64,${thumbnail}`} alt={t('preview', { name })} />}
        <p className={styles.faint}>
          {kind}: {t(still)}
        </p>
      </div>
    );
  }
  const url = contentUrl(mediaId);
  if ((type === 'image' || type === 'sticker') && /^image\/(?:jpeg|png|webp|gif)$/.test(mimetype)) {
    return (
      <a
        href={url}
        target="_blank"
        rel="noopener noreferrer"
        className={type === 'sticker' ? styles.sticker : styles.media}
      >
        <img src={url} alt={name} loading="lazy" style={ratio} />
      </a>
    );
  }
  if (type === 'video' && mimetype.startsWith('video/')) {
    // biome-ignore lint/a11y/useMediaCaption: what people send each other has no captions
    return <video className={styles.media} src={url} controls preload="none" style={ratio} aria-label={name} />;
  }
  if (type === 'audio' && mimetype.startsWith('audio/')) {
    const isVoice = (content as Content | undefined)?.voice === true;
    return (
      <div className={styles.audio}>
        {/* biome-ignore lint/a11y/useMediaCaption: what people send each other has no captions */}
        <audio src={url} controls preload="none" aria-label={isVoice ? t('voice') : name} />
        {seconds !== undefined && <span className={styles.faint}>{seconds} s</span>}
      </div>
    );
  }
  return (
    <a className={styles.tile} href={contentUrl(mediaId, true)} download aria-label={t('download', { name })}>
      <span aria-hidden="true">
        <FileText />
      </span>
      <div>
        <strong>{name}</strong>
        <p>
          {mimetype}
          {size !== undefined && ` · ${bytes(size)}`}
        </p>
      </div>
    </a>
  );
}

const KINDS = { image: 'image', video: 'video', audio: 'audio', document: 'document', sticker: 'sticker' } as const;

/** One line for the list of chats. */
export function useSummary(): (message: Message) => string {
  const t = chatsTexts.use();
  return (message) => {
    if (message.revokedAt) return t('deleted');
    const kind = message.type in SUMMARIES ? t(SUMMARIES[message.type as keyof typeof SUMMARIES]) : '';
    return [kind, message.text].filter(Boolean).join(': ') || t('other');
  };
}

const SUMMARIES = {
  ...KINDS,
  album: 'album',
  location: 'location',
  contact: 'contact',
  poll: 'poll',
  event: 'event',
  order: 'order',
  product: 'product',
  groupInvite: 'groupInvite',
  system: 'system',
} as const;
