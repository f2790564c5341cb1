/** How a file is encrypted and where it is uploaded. The words are those of WhatsApp's clients. */
export type MediaType = 'image' | 'sticker' | 'video' | 'gif' | 'ptv' | 'audio' | 'ptt' | 'document' | 'linkThumbnail';

interface MediaTypeTraits {
  /** In the derivation of the keys: `WhatsApp <word> Keys`. */
  word: string;
  /** On the media host. */
  path: string;
  /** On the media host, where the file of a channel goes, which is not encrypted. */
  plainPath: string;
  /** Whether phones play it while they download it. */
  streams: boolean;
}

const IMAGE: MediaTypeTraits = {
  word: 'Image',
  path: '/mms/image',
  plainPath: '/newsletter/newsletter-image',
  streams: false,
};
const VIDEO: MediaTypeTraits = {
  word: 'Video',
  path: '/mms/video',
  plainPath: '/newsletter/newsletter-video',
  streams: true,
};
const AUDIO: MediaTypeTraits = {
  word: 'Audio',
  path: '/mms/audio',
  plainPath: '/newsletter/newsletter-audio',
  streams: true,
};

export const MEDIA_TYPES: Readonly<Record<MediaType, MediaTypeTraits>> = {
  image: IMAGE,
  sticker: IMAGE,
  video: VIDEO,
  gif: VIDEO,
  ptv: VIDEO,
  audio: AUDIO,
  ptt: AUDIO,
  linkThumbnail: {
    word: 'Link Thumbnail',
    path: '/mms/thumbnail-link',
    plainPath: '/newsletter/newsletter-thumbnail-link',
    streams: false,
  },
  document: { word: 'Document', path: '/mms/document', plainPath: '/newsletter/newsletter-document', streams: false },
};
