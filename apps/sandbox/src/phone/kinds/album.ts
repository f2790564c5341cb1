import { Type } from 'typebox';
import { plain } from '../description.ts';
import { defineKind } from './kind.ts';

const count = Type.Optional(Type.Integer({ minimum: 0, description: 'So many of them follow, and name this message' }));

/** Announces an album. Its pictures and videos are messages of their own. */
export const album = defineKind({
  request: { images: count, videos: count },
  compose: ({ images = 0, videos = 0 }, { context }) => ({
    type: 'media',
    message: { albumMessage: { expectedImageCount: images, expectedVideoCount: videos, ...context } },
  }),
  members: ['albumMessage'],
  describe({ albumMessage }) {
    if (!albumMessage) return null;
    const { expectedImageCount: images, expectedVideoCount: videos } = albumMessage;
    return plain('album', null, { images: images ?? 0, videos: videos ?? 0 });
  },
});
