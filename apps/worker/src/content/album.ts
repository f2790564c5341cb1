import type { Codec } from './codec.ts';
import { present } from './fields.ts';

/** Announces pictures and videos that phones show as one. Each is a message of its own, which names this one. */
export const album: Codec<'album'> = {
  members: ['albumMessage'],
  build({ items }, { secret }) {
    const videos = items.filter(({ type }) => type === 'video').length;
    return {
      albumMessage: { expectedImageCount: items.length - videos, expectedVideoCount: videos },
      messageContextInfo: { messageSecret: secret },
    };
  },
  read({ albumMessage: announced }) {
    if (!announced) return null;
    const { expectedImageCount: images, expectedVideoCount: videos } = announced;
    return { content: present({ images, videos }) };
  },
};
