import { Type } from 'typebox';
import { describeContext, plain } from '../description.ts';
import { defineKind } from './kind.ts';

const seconds = (time: string) => Math.floor(Date.parse(time) / 1000);
const shown = (time: unknown) => new Date(Number(time) * 1000).toISOString();

export const event = defineKind({
  request: {
    name: Type.String({ minLength: 1 }),
    description: Type.Optional(Type.String()),
    location: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(Type.String()),
          address: Type.Optional(Type.String()),
          latitude: Type.Optional(Type.Number()),
          longitude: Type.Optional(Type.Number()),
        },
        { additionalProperties: false },
      ),
    ),
    startTime: Type.String({ format: 'date-time' }),
    endTime: Type.Optional(Type.String({ format: 'date-time' })),
    callLink: Type.Optional(Type.String()),
    extraGuests: Type.Optional(Type.Boolean()),
    canceled: Type.Optional(Type.Boolean()),
  },
  compose({ name, description, location, startTime, endTime, callLink, extraGuests, canceled }, { context }) {
    const eventMessage = {
      name,
      ...(description && { description }),
      ...(location && {
        location: {
          degreesLatitude: location.latitude ?? null,
          degreesLongitude: location.longitude ?? null,
          name: location.name ?? null,
          address: location.address ?? null,
        },
      }),
      startTime: seconds(startTime),
      ...(endTime && { endTime: seconds(endTime) }),
      ...(callLink && { joinLink: callLink, isScheduleCall: true }),
      extraGuestsAllowed: extraGuests ?? false,
      isCanceled: canceled ?? false,
      ...context,
    };
    return { message: { eventMessage }, type: 'event' };
  },
  members: ['eventMessage'],
  describe({ eventMessage: created }) {
    if (!created) return null;
    const details: Record<string, unknown> = describeContext(created.contextInfo);
    if (created.description) details.description = created.description;
    if (created.location) {
      const { degreesLatitude, degreesLongitude, name, address } = created.location;
      const hasPoint = Object.hasOwn(created.location, 'degreesLatitude');
      details.location = {
        ...(name && { name }),
        ...(address && { address }),
        ...(hasPoint && { latitude: degreesLatitude, longitude: degreesLongitude }),
      };
    }
    if (created.startTime) details.startTime = shown(created.startTime);
    if (created.endTime) details.endTime = shown(created.endTime);
    if (created.joinLink) details.callLink = created.joinLink;
    if (created.extraGuestsAllowed) details.extraGuests = true;
    if (created.isCanceled) details.canceled = true;
    return plain('event', created.name ?? '', details);
  },
});
