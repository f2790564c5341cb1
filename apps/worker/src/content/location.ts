import type { proto } from '../whatsapp/baileys.ts';
import { type Content, present } from './content.ts';

export function readLocation(message: proto.IMessage): Content | null {
  const { locationMessage: place, liveLocationMessage: live } = message;
  if (place) {
    return {
      type: 'LOCATION',
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
    type: 'LOCATION',
    ...(live.caption ? { text: live.caption } : {}),
    content: present({ latitude: live.degreesLatitude, longitude: live.degreesLongitude, live: true }),
  };
}
