import type { proto } from '../whatsapp/baileys.ts';
import type { ReadContent, Reader } from './codec.ts';
import { present } from './fields.ts';

interface Choice {
  id?: string | null | undefined;
  text?: string | null | undefined;
  url?: string | null | undefined;
  phoneNumber?: string | null | undefined;
}

/** A message of a business with its own buttons: native flows, carousels, shops. */
export const interactive: Reader = {
  members: ['interactiveMessage'],
  read: ({ interactiveMessage: shown }) => (shown ? readInteractive(shown) : null),
};

function readInteractive(shown: proto.Message.IInteractiveMessage): ReadContent | null {
  const {
    header,
    body,
    footer,
    nativeFlowMessage: flow,
    carouselMessage: carousel,
    shopStorefrontMessage: shop,
  } = shown;
  const choices = (flow?.buttons ?? []).map(({ name, buttonParamsJson }) => choiceOf(name, buttonParamsJson));
  const cards = (carousel?.cards ?? []).flatMap((card) => readInteractive(card) ?? []);
  const content = present({
    title: header?.title,
    subtitle: header?.subtitle,
    footer: footer?.text,
    buttons: choices.length > 0 ? choices : undefined,
    cards: cards.length > 0 ? cards.map(({ text, content: card }) => ({ ...(text && { text }), ...card })) : undefined,
    shopId: shop?.id,
  });
  const text = body?.text;
  return text || Object.keys(content).length > 0 ? { ...(text ? { text } : {}), content } : null;
}

/** The parameters of a button are JSON that the sender has written. */
function choiceOf(name: string | null | undefined, json: string | null | undefined) {
  let params: unknown;
  try {
    params = JSON.parse(json ?? '');
  } catch {
    params = null;
  }
  const { id, display_text: text, url, phone_number: phoneNumber } = (params ?? {}) as Record<string, unknown>;
  return present({ flow: name, id, text, url, phoneNumber });
}

/** A message that a business has made from a template. */
export const template: Reader = {
  members: ['templateMessage', 'highlyStructuredMessage'],
  read({ templateMessage: made, highlyStructuredMessage: older }) {
    const filled = made?.hydratedTemplate ?? made?.hydratedFourRowTemplate ?? older?.hydratedHsm?.hydratedTemplate;
    if (!filled) return made?.interactiveMessageTemplate ? readInteractive(made.interactiveMessageTemplate) : null;
    const choices = (filled.hydratedButtons ?? []).map(
      ({ quickReplyButton: reply, urlButton: link, callButton: call }): Partial<Choice> =>
        present<Choice>({
          id: reply?.id,
          text: reply?.displayText ?? link?.displayText ?? call?.displayText,
          url: link?.url,
          phoneNumber: call?.phoneNumber,
        }),
    );
    const content = present({
      templateId: filled.templateId,
      title: filled.hydratedTitleText,
      footer: filled.hydratedFooterText,
      buttons: choices.length > 0 ? choices : undefined,
    });
    const text = filled.hydratedContentText;
    return text || Object.keys(content).length > 0 ? { ...(text ? { text } : {}), content } : null;
  },
};
