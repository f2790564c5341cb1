import { eventSeconds, type RequestOf } from '@wa-gate/contracts';
import type { proto } from '../whatsapp/baileys.ts';
import type { Codec } from './codec.ts';
import { present, toNumber } from './fields.ts';

const iso = (seconds: unknown): string | undefined => {
  const time = new Date((toNumber(seconds) || Number.NaN) * 1000);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
};

function placeOf(place: proto.Message.ILocationMessage | null | undefined) {
  if (!place) return undefined;
  const { degreesLatitude, degreesLongitude, name, address } = place;
  const isPoint = typeof degreesLatitude === 'number' && typeof degreesLongitude === 'number';
  const point = isPoint && { latitude: degreesLatitude, longitude: degreesLongitude };
  const found = { ...present({ name, address }), ...point };
  return Object.keys(found).length > 0 ? found : undefined;
}

const placeFrom = ({
  latitude,
  longitude,
  name,
  address,
}: NonNullable<RequestOf<'event'>['location']>): proto.Message.ILocationMessage => ({
  degreesLatitude: latitude ?? null,
  degreesLongitude: longitude ?? null,
  name: name ?? null,
  address: address ?? null,
});

/** An event with a date. Answers are changes of it. */
export const event: Codec<'event'> = {
  members: ['eventMessage'],
  build({ name, description, location: place, startTime, endTime, callLink, extraGuests }, { secret }) {
    return {
      eventMessage: {
        name,
        isCanceled: false,
        description: description ?? null,
        location: place ? placeFrom(place) : null,
        joinLink: callLink ?? null,
        startTime: eventSeconds(startTime),
        endTime: endTime === undefined ? null : eventSeconds(endTime),
        extraGuestsAllowed: extraGuests ?? null,
        isScheduleCall: callLink !== undefined,
      },
      messageContextInfo: { messageSecret: secret },
    };
  },
  read({ eventMessage: created }) {
    if (!created?.name) return null;
    return {
      text: created.name,
      content: present({
        description: created.description,
        location: placeOf(created.location),
        startTime: iso(created.startTime),
        endTime: iso(created.endTime),
        callLink: created.joinLink,
        extraGuests: created.extraGuestsAllowed || undefined,
        canceled: created.isCanceled ? (true as const) : undefined,
      }),
    };
  },
};
