import type { ContentOf, FileReference, KindName } from '@wa-gate/contracts';
import type { UploadedFile } from '../media/uploaded-file.ts';
import type { proto } from '../whatsapp/baileys.ts';
import type { Codec, Given, Reader } from './codec.ts';
import * as readers from './media.ts';

/** The fields that the reader of files finds are those of `fileContent` in contracts. */
const read = <K extends KindName>(reader: Reader) => reader as Reader<Partial<ContentOf<K>>>;

/** Every file has keys of its own, made by chance when it is uploaded. */
const isReproducible = false;

/** Built by hand: Baileys cuts seconds to 0, leaves out the waveform, and knows no dimensions of videos. */
export const image: Codec<'image'> = {
  ...read<'image'>(readers.image),
  isReproducible,
  upload: ({ media }) => ({ file: media, mediaType: 'image' }),
  build({ media, caption = null, viewOnce = false }, given) {
    const imageMessage = {
      ...addressOf(given),
      ...dimensions(media),
      mimetype: media.mimetype,
      caption,
      jpegThumbnail: thumbnail(media),
    };
    return enveloped({ imageMessage }, given, viewOnce);
  },
};

export const video: Codec<'video'> = {
  ...read<'video'>(readers.video),
  isReproducible,
  upload: ({ media, gif, videoNote }) => ({ file: media, mediaType: gif ? 'gif' : videoNote ? 'ptv' : 'video' }),
  build({ media, caption = null, viewOnce = false, gif = false, videoNote = false }, given) {
    const file = {
      ...addressOf(given),
      ...dimensions(media),
      mimetype: media.mimetype,
      caption,
      seconds: media.seconds ?? null,
      jpegThumbnail: thumbnail(media),
      streamingSidecar: given.file?.sidecar ?? null,
      ...(gif && { gifPlayback: true }),
    };
    return enveloped(videoNote ? { ptvMessage: file } : { videoMessage: file }, given, viewOnce);
  },
};

export const audio: Codec<'audio'> = {
  ...read<'audio'>(readers.audio),
  isReproducible,
  upload: ({ media, voice }) => ({ file: media, mediaType: voice ? 'ptt' : 'audio' }),
  build({ media, voice = false, viewOnce = false }, given) {
    const audioMessage = {
      ...addressOf(given),
      mimetype: media.mimetype,
      seconds: media.seconds ?? null,
      ptt: voice,
      streamingSidecar: given.file?.sidecar ?? null,
      ...(voice && media.waveform !== undefined && { waveform: Buffer.from(media.waveform, 'base64') }),
    };
    return enveloped({ audioMessage }, given, viewOnce);
  },
};

export const document: Codec<'document'> = {
  ...read<'document'>(readers.document),
  isReproducible,
  upload: ({ media }) => ({ file: media, mediaType: 'document' }),
  build({ media, caption = null, fileName = media.fileName ?? null }, given) {
    const documentMessage = {
      ...addressOf(given),
      mimetype: media.mimetype,
      fileName,
      title: fileName,
      caption,
      jpegThumbnail: thumbnail(media),
    };
    if (caption === null) return enveloped({ documentMessage }, given, false);
    // The envelope in which phones send a document with a caption.
    const documentWithCaptionMessage = { message: { documentMessage } };
    return { documentWithCaptionMessage, messageContextInfo: { messageSecret: given.secret } };
  },
};

export const sticker: Codec<'sticker'> = {
  ...read<'sticker'>(readers.sticker),
  isReproducible,
  upload: ({ media }) => ({ file: media, mediaType: 'sticker' }),
  build({ media }, given) {
    const stickerMessage = {
      ...addressOf(given),
      ...dimensions(media),
      mimetype: media.mimetype,
      isAnimated: media.animated ?? false,
    };
    return enveloped({ stickerMessage }, given, false);
  },
};

function addressOf({ file }: Given) {
  if (!file) throw new TypeError('A message with a file is built after its upload.');
  const { url, directPath, mediaKey, fileSha256, fileEncSha256, fileLength, mediaKeyTimestamp }: UploadedFile = file;
  const common = { directPath, fileSha256, fileLength };
  if (mediaKey) {
    return { ...common, url, mediaKey, fileEncSha256: fileEncSha256!, mediaKeyTimestamp: mediaKeyTimestamp! };
  }
  // Of a channel. WhatsApp's own clients name its path alone, and the preview that the host has made.
  const { thumbnail: preview } = file;
  return { ...common, ...(preview && { thumbnailDirectPath: preview.directPath, thumbnailSha256: preview.sha256 }) };
}

const dimensions = ({ width, height }: FileReference) => ({ width: width ?? null, height: height ?? null });

const thumbnail = ({ thumbnail: jpeg }: FileReference): Buffer | null =>
  jpeg === undefined ? null : Buffer.from(jpeg, 'base64');

type FileMember =
  | 'imageMessage'
  | 'videoMessage'
  | 'ptvMessage'
  | 'audioMessage'
  | 'documentMessage'
  | 'stickerMessage';

/** With the secret; what is viewed once is in the envelope in which phones send it, and says so itself. */
function enveloped(part: Pick<proto.IMessage, FileMember>, { secret }: Given, viewOnce: boolean): proto.IMessage {
  const messageContextInfo = { messageSecret: secret };
  if (!viewOnce) return { ...part, messageContextInfo };
  const inner = Object.fromEntries(Object.entries(part).map(([member, file]) => [member, { ...file, viewOnce: true }]));
  const envelope = part.audioMessage ? 'viewOnceMessageV2Extension' : 'viewOnceMessageV2';
  return { [envelope]: { message: inner }, messageContextInfo };
}
