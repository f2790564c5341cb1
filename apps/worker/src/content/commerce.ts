import { jidNormalizedUser, proto } from '../whatsapp/baileys.ts';
import type { Reader } from './codec.ts';
import { present, toNumber } from './fields.ts';

const { OrderStatus } = proto.Message.OrderMessage;

/** WhatsApp counts money in thousandths of the currency's unit. */
function money(thousandths: unknown): number | undefined {
  const amount = toNumber(thousandths);
  return amount === undefined ? undefined : amount / 1000;
}
const jidIn = (jid: string | null | undefined): string | undefined => (jid ? jidNormalizedUser(jid) : undefined);

/** An order from a catalogue. Its items are at the shop, under the id and the token. */
export const order: Reader = {
  members: ['orderMessage'],
  read({ orderMessage: ordered }) {
    if (!ordered?.orderId) return null;
    return {
      ...(ordered.message ? { text: ordered.message } : {}),
      content: present({
        orderId: ordered.orderId,
        token: ordered.token,
        title: ordered.orderTitle,
        itemCount: ordered.itemCount,
        total: money(ordered.totalAmount1000),
        currency: ordered.totalCurrencyCode,
        seller: jidIn(ordered.sellerJid),
        orderStatus: ordered.status ? OrderStatus[ordered.status]?.toLowerCase() : undefined,
      }),
    };
  },
};

/** A product of a catalogue, or a whole catalogue. */
export const product: Reader = {
  members: ['productMessage'],
  read({ productMessage: shown }) {
    const { product: item, catalog } = shown ?? {};
    const title = item?.title ?? catalog?.title;
    if (!shown || !(item?.productId || title || shown.body)) return null;
    return {
      ...(shown.body ? { text: shown.body } : {}),
      content: present({
        productId: item?.productId,
        retailerId: item?.retailerId,
        title,
        description: item?.description ?? catalog?.description,
        price: money(item?.priceAmount1000),
        salePrice: money(item?.salePriceAmount1000) || undefined,
        currency: item?.currencyCode,
        url: item?.url,
        imageCount: item?.productImageCount,
        seller: jidIn(shown.businessOwnerJid),
        footer: shown.footer,
      }),
    };
  },
};
