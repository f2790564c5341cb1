import type { Codec } from './codec.ts';
import { present } from './fields.ts';

/** A place on the map, or a live location. */
export const location: Codec<'location'> = {
  members: ['locationMessage', 'liveLocationMessage'],
  build: ({ latitude, longitude, name = null, address = null, url = null }, { secret }) => ({
    locationMessage: { degreesLatitude: latitude, degreesLongitude: longitude, name, address, url },
    messageContextInfo: { messageSecret: secret },
  }),
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
      content: present({
        latitude: live.degreesLatitude,
        longitude: live.degreesLongitude,
        live: true as const,
        accuracyMeters: live.accuracyInMeters,
        speedMetersPerSecond: live.speedInMps,
        headingDegrees: live.degreesClockwiseFromMagneticNorth,
      }),
    };
  },
};
