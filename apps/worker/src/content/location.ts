import type { Reader } from './codec.ts';
import { present } from './fields.ts';

/** A place on the map, or where somebody is at present. */
export const location: Reader = {
  members: ['locationMessage', 'liveLocationMessage'],
  read({ locationMessage: place, liveLocationMessage: live }) {
    if (place) {
      return {
        ...(place.comment ? { text: place.comment } : {}),
        content: present({
          latitude: place.degreesLatitude,
          longitude: place.degreesLongitude,
          name: place.name,
          address: place.address,
          url: place.url,
        }),
      };
    }
    if (!live) return null;
    return {
      ...(live.caption ? { text: live.caption } : {}),
      content: present({ latitude: live.degreesLatitude, longitude: live.degreesLongitude, live: true }),
    };
  },
};
