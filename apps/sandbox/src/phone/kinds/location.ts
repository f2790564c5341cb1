import { Type } from 'typebox';
import { describeContext, plain } from '../description.ts';
import { defineKind } from './kind.ts';

export const location = defineKind({
  request: {
    latitude: Type.Number({ minimum: -90, maximum: 90 }),
    longitude: Type.Number({ minimum: -180, maximum: 180 }),
    name: Type.Optional(Type.String()),
    address: Type.Optional(Type.String()),
    url: Type.Optional(Type.String()),
    live: Type.Optional(Type.Boolean({ description: 'A live location, where it begins' })),
    accuracyMeters: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  compose({ latitude, longitude, name = null, address = null, url = null, live, accuracyMeters = 0 }, { context }) {
    if (live) {
      const point = { degreesLatitude: latitude, degreesLongitude: longitude, accuracyInMeters: accuracyMeters };
      const liveLocationMessage = { ...point, sequenceNumber: 1, ...context };
      return { message: { liveLocationMessage }, type: 'media', mediaType: 'livelocation' };
    }
    const place = { degreesLatitude: latitude, degreesLongitude: longitude, name, address, url };
    return { message: { locationMessage: { ...place, ...context } }, type: 'media', mediaType: 'location' };
  },
  members: ['locationMessage', 'liveLocationMessage'],
  describe({ locationMessage: place, liveLocationMessage: live }) {
    const point = place ?? live;
    if (!point) return null;
    const { degreesLatitude: latitude, degreesLongitude: longitude } = point;
    const { name = null, address = null, url = null } = place ?? {};
    return plain('location', name, {
      ...(live && { live: true }),
      latitude,
      longitude,
      name,
      address,
      url,
      ...describeContext(point.contextInfo),
    });
  },
});
