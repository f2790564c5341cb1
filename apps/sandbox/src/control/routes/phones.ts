import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { unixSeconds } from '../../clock.ts';
import { deviceNotFound } from '../../errors.ts';
import type { AutoReply, PhoneSettings } from '../../phone/phone.ts';
import type { ServerContext } from '../../server/context.ts';
import { unlinkDevice } from '../../server/device-list.ts';
import { announceCollection } from '../../server/iq/app-state.ts';
import { announcePicture } from '../../server/iq/media.ts';
import { block, setAbout } from '../../server/people.ts';
import { removePhone } from '../../server/reset.ts';
import { actOnAppState } from '../app-state-actions.ts';
import {
  AppStateRequest,
  BlockRequest,
  Device,
  DeviceParams,
  NumberParams,
  PastRequest,
  Phone,
  PhoneChange,
  PhoneCreate,
  PresenceRequest,
  Refusal,
} from '../schemas.ts';
import { deviceView, phoneView } from '../views.ts';

const DEFAULT_REPLY_DELAY_MS = 100;
const Done = Type.Null({ description: 'Done' });
const tags = ['phones'];

/** Phones: create, configure, link companions, act. */
export const phoneRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  const { directory, phones } = context;
  const phoneOf = (number: string) => phones.of(directory.get(number));

  app.post(
    '/phones',
    { schema: { tags, summary: 'Create a phone', body: PhoneCreate, response: { 201: Phone, 409: Refusal } } },
    async (request, reply) => {
      const { number, name, aliases = [] } = request.body;
      const phone = phones.create(number, name);
      for (const alias of aliases) phone.account.aliases.add(alias);
      if (aliases.length > 0) phone.account.save();
      return reply.code(201).send(phoneView(phone));
    },
  );

  app.get(
    '/phones',
    { schema: { tags, summary: 'All phones', response: { 200: Type.Object({ phones: Type.Array(Phone) }) } } },
    async () => ({
      phones: [...directory.all()].map((account) => phoneView(phones.of(account))),
    }),
  );

  app.get(
    '/phones/:number',
    { schema: { tags, summary: 'One phone', params: NumberParams, response: { 200: Phone, 404: Refusal } } },
    async (request) => phoneView(phoneOf(request.params.number)),
  );

  app.patch(
    '/phones/:number',
    {
      schema: {
        tags,
        summary: 'Configure a phone: receipts, automatic reply, online, name',
        params: NumberParams,
        body: PhoneChange,
        response: { 200: Phone, 404: Refusal },
      },
    },
    async (request) => {
      const phone = phoneOf(request.params.number);
      const { account } = phone;
      const { name, about, privacy, receipts, autoReply, online, decrypt, business, picture, hidesLid } = request.body;
      if (hidesLid !== undefined) account.hidesLid = hidesLid;
      if (name !== undefined) account.name = name;
      if (business !== undefined) account.business = business;
      if (picture !== undefined) {
        const path = picture === null ? null : await context.media.put(Buffer.from(picture, 'base64'));
        account.picture = path === null ? null : { id: String(unixSeconds()), path };
        announcePicture(context, account);
      }
      if (about !== undefined) setAbout(context, account, about);
      if (privacy !== undefined) Object.assign(account.privacy, privacy);
      account.save();
      const change: Partial<PhoneSettings> = {};
      if (receipts !== undefined) {
        change.receipts =
          receipts === 'off' ? 'off' : { deliveredMs: receipts.deliveredMs, readMs: receipts.readMs ?? null };
      }
      if (autoReply !== undefined) change.autoReply = toAutoReply(autoReply);
      if (online !== undefined) change.online = online;
      if (decrypt !== undefined) change.decrypt = decrypt;
      phone.configure(change);
      return phoneView(phone);
    },
  );

  app.delete(
    '/phones/:number',
    {
      schema: {
        tags,
        summary: 'Delete a phone and log its companions out',
        params: NumberParams,
        response: { 204: Done, 404: Refusal },
      },
    },
    async (request, reply) => {
      removePhone(context, directory.get(request.params.number));
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/phones/:number/past',
    {
      schema: {
        tags,
        summary: 'Give a phone messages from before, which its companions get with its history alone',
        params: NumberParams,
        body: PastRequest,
        response: { 204: Done, 404: Refusal },
      },
    },
    async (request, reply) => {
      const { chats, chunkMessages, isDisordered } = request.body;
      await phoneOf(request.params.number).past.add(chats, {
        ...(chunkMessages !== undefined && { chunkMessages }),
        ...(isDisordered !== undefined && { isDisordered }),
      });
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/phones/:number/scan',
    {
      schema: {
        tags,
        summary: 'Scan the QR code that a client shows: link it to this phone',
        params: NumberParams,
        body: Type.Object({ qr: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
        response: { 201: Device, 400: Refusal, 404: Refusal, 410: Refusal, 502: Refusal },
      },
    },
    async (request, reply) => {
      const companion = await context.pairing.scan(directory.get(request.params.number), request.body.qr);
      return reply.code(201).send(deviceView(companion));
    },
  );

  app.post(
    '/phones/:number/enter-code',
    {
      schema: {
        tags,
        summary: 'Type in the pairing code that a client shows: link it to this phone',
        params: NumberParams,
        body: Type.Object({ code: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
        response: { 201: Device, 400: Refusal, 404: Refusal, 409: Refusal, 502: Refusal },
      },
    },
    async (request, reply) => {
      const companion = await context.pairing.enterCode(directory.get(request.params.number), request.body.code);
      return reply.code(201).send(deviceView(companion));
    },
  );

  app.get(
    '/phones/:number/devices',
    {
      schema: {
        tags,
        summary: 'Linked companions',
        params: NumberParams,
        response: { 200: Type.Object({ devices: Type.Array(Device) }), 404: Refusal },
      },
    },
    async (request) => ({ devices: phoneView(phoneOf(request.params.number)).devices }),
  );

  app.delete(
    '/phones/:number/devices/:id',
    { schema: { tags, summary: 'Log a companion out', params: DeviceParams, response: { 204: Done, 404: Refusal } } },
    async (request, reply) => {
      const { number, id } = request.params;
      const companion = directory.get(number).companions.get(id);
      if (!companion) throw deviceNotFound(number, id);
      unlinkDevice(context, companion, 'device_removed');
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/phones/:number/dirty',
    {
      schema: {
        tags,
        summary:
          'WhatsApp says to its companions that groups have changed, and not which; at each login until they confirm it',
        params: NumberParams,
        body: Type.Object({ type: Type.Enum(['groups', 'communities']) }, { additionalProperties: false }),
        response: { 204: Done, 404: Refusal },
      },
    },
    async (request, reply) => {
      const { companions } = directory.get(request.params.number);
      for (const companion of companions.values()) context.delivery.markDirty(companion, request.body.type);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/phones/:number/presence',
    {
      schema: {
        tags,
        summary: 'Appear online or offline to others, type, stop typing, look at the presence of somebody',
        params: NumberParams,
        body: PresenceRequest,
        response: { 204: Done, 404: Refusal },
      },
    },
    async (request, reply) => {
      const { state, to } = request.body;
      context.presence.fromPhone(directory.get(request.params.number), state, to ?? null);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/phones/:number/presence',
    {
      schema: {
        tags,
        summary: 'What this phone was shown of others, last: typing, and the presence of those it subscribed to',
        params: NumberParams,
        response: {
          200: Type.Object({
            seen: Type.Array(Type.Object({ from: Type.String(), state: Type.String(), at: Type.Integer() })),
          }),
          404: Refusal,
        },
      },
    },
    async (request) => ({ seen: [...phoneOf(request.params.number).seen.values()] }),
  );

  app.post(
    '/phones/:number/block',
    {
      schema: {
        tags,
        summary: 'Block somebody, or unblock',
        params: NumberParams,
        body: BlockRequest,
        response: { 200: Phone, 404: Refusal },
      },
    },
    async (request) => {
      const { number, isBlocked = true } = request.body;
      const phone = phoneOf(request.params.number);
      block(context, phone.account, directory.get(number), isBlocked, null);
      return phoneView(phone);
    },
  );

  app.post(
    '/phones/:number/app-state',
    {
      schema: {
        tags,
        summary:
          'Change a setting that is shared with the companions: archive, mute, pin, star, clear, delete, labels, push name, contact name',
        params: NumberParams,
        body: AppStateRequest,
        response: {
          200: Type.Object({ collection: Type.String(), version: Type.Integer() }),
          400: Refusal,
          404: Refusal,
        },
      },
    },
    async (request) => {
      const account = directory.get(request.params.number);
      const result = actOnAppState(context, account, request.body);
      announceCollection(context, account, result.collection, null);
      return result;
    },
  );
};

function toAutoReply(request: string | AutoReply | null): AutoReply | null {
  return typeof request === 'string' ? { text: request, delayMs: DEFAULT_REPLY_DELAY_MS } : request;
}
