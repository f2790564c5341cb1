import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { pnJid } from '../../wire/jid.ts';
import { plain } from '../description.ts';
import { defineKind } from './kind.ts';

const word = Type.String({ minLength: 1 });
const optional = Type.Optional(word);
const thousandths = (price: number | undefined) => (price === undefined ? null : Math.round(price * 1000));

/** An order from a catalogue. */
export const order = defineKind({
  request: {
    orderId: word,
    token: optional,
    title: optional,
    text: optional,
    itemCount: Type.Optional(Type.Integer({ minimum: 1 })),
    total: Type.Optional(Type.Number({ minimum: 0 })),
    currency: optional,
  },
  compose({ orderId, token, title, text, itemCount, total, currency }, { phone, context }) {
    const orderMessage: proto.Message.IOrderMessage = {
      orderId,
      token: token ?? null,
      orderTitle: title ?? null,
      message: text ?? null,
      itemCount: itemCount ?? 1,
      totalAmount1000: thousandths(total),
      totalCurrencyCode: currency ?? null,
      sellerJid: pnJid(phone.account.number),
      status: 1,
      surface: 1,
      ...context,
    };
    return { message: { orderMessage }, type: 'media', mediaType: 'order' };
  },
  members: ['orderMessage'],
  describe: ({ orderMessage: ordered }) =>
    ordered
      ? plain('order', ordered.message ?? null, { orderId: ordered.orderId, itemCount: ordered.itemCount })
      : null,
});

/** A product of a catalogue. */
export const product = defineKind({
  request: {
    productId: word,
    title: word,
    description: optional,
    price: Type.Optional(Type.Number({ minimum: 0 })),
    currency: optional,
    url: optional,
    text: optional,
  },
  compose({ productId, title, description, price, currency, url, text }, { phone, context }) {
    const productMessage: proto.Message.IProductMessage = {
      product: {
        productId,
        title,
        description: description ?? null,
        priceAmount1000: thousandths(price),
        currencyCode: currency ?? null,
        url: url ?? null,
        productImageCount: 0,
      },
      businessOwnerJid: pnJid(phone.account.number),
      body: text ?? null,
      ...context,
    };
    return { message: { productMessage }, type: 'media', mediaType: 'product' };
  },
  members: ['productMessage'],
  describe: ({ productMessage: shown }) =>
    shown
      ? plain('product', shown.body ?? null, { productId: shown.product?.productId, title: shown.product?.title })
      : null,
});

const button = Type.Object(
  { id: optional, text: word, url: optional, phoneNumber: optional },
  { additionalProperties: false },
);

/** A message of a business with buttons of its own. */
export const interactive = defineKind({
  request: { text: word, title: optional, footer: optional, buttons: Type.Array(button, { minItems: 1 }) },
  compose({ text, title, footer, buttons }, { context }) {
    const interactiveMessage: proto.Message.IInteractiveMessage = {
      body: { text },
      ...(title && { header: { title } }),
      ...(footer && { footer: { text: footer } }),
      nativeFlowMessage: {
        buttons: buttons.map(({ id, text: words, url, phoneNumber }) => ({
          name: url ? 'cta_url' : phoneNumber ? 'cta_call' : 'quick_reply',
          buttonParamsJson: JSON.stringify({ id, display_text: words, url, phone_number: phoneNumber }),
        })),
        messageVersion: 1,
      },
      ...context,
    };
    // As businesses send it.
    return { message: { viewOnceMessage: { message: { interactiveMessage } } }, type: 'text' };
  },
  members: ['interactiveMessage'],
  describe: ({ interactiveMessage: shown }) =>
    shown
      ? plain('interactive', shown.body?.text ?? null, {
          buttons: (shown.nativeFlowMessage?.buttons ?? []).map(({ name }) => name),
        })
      : null,
});

/** A message that a business has made from a template. */
export const template = defineKind({
  request: { text: word, title: optional, footer: optional, templateId: optional, buttons: Type.Array(button) },
  compose({ text, title, footer, templateId, buttons }, { context }) {
    const hydratedTemplate: proto.Message.TemplateMessage.IHydratedFourRowTemplate = {
      hydratedContentText: text,
      hydratedTitleText: title ?? null,
      hydratedFooterText: footer ?? null,
      templateId: templateId ?? null,
      hydratedButtons: buttons.map(({ id, text: displayText, url, phoneNumber }, index) => ({
        index: index + 1,
        ...(url ? { urlButton: { displayText, url } } : {}),
        ...(phoneNumber ? { callButton: { displayText, phoneNumber } } : {}),
        ...(url || phoneNumber ? {} : { quickReplyButton: { displayText, id: id ?? displayText } }),
      })),
    };
    return { message: { templateMessage: { hydratedTemplate, ...context } }, type: 'text' };
  },
  members: ['templateMessage'],
  describe({ templateMessage: made }) {
    const filled = made?.hydratedTemplate;
    return filled ? plain('template', filled.hydratedContentText ?? null, { templateId: filled.templateId }) : null;
  },
});
