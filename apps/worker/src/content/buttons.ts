import { proto } from '../whatsapp/baileys.ts';
import type { Codec } from './codec.ts';
import { present } from './fields.ts';

const { ButtonsMessage, ListMessage } = proto.Message;

/** A text with buttons. */
export const buttons: Codec<'buttons'> = {
  members: ['buttonsMessage'],
  build: ({ text, title, footer, buttons: given }, { secret }) => ({
    buttonsMessage: {
      contentText: text,
      footerText: footer ?? null,
      buttons: given.map(({ id, text: displayText }) => ({
        buttonId: id,
        buttonText: { displayText },
        type: ButtonsMessage.Button.Type.RESPONSE,
      })),
      headerType: title === undefined ? ButtonsMessage.HeaderType.EMPTY : ButtonsMessage.HeaderType.TEXT,
      text: title ?? null,
    },
    messageContextInfo: { messageSecret: secret },
  }),
  read({ buttonsMessage: asked }) {
    const given = (asked?.buttons ?? []).map(({ buttonId, buttonText }) => ({
      id: buttonId ?? '',
      text: buttonText?.displayText ?? '',
    }));
    if (!asked?.contentText && given.length === 0) return null;
    return {
      ...(asked?.contentText ? { text: asked.contentText } : {}),
      content: { ...present({ title: asked?.text, footer: asked?.footerText }), buttons: given },
    };
  },
};

/** A list to choose one row from. */
export const list: Codec<'list'> = {
  members: ['listMessage'],
  build: ({ text, title, footer, button, sections }, { secret }) => ({
    listMessage: {
      title: title ?? null,
      description: text,
      buttonText: button,
      listType: ListMessage.ListType.SINGLE_SELECT,
      sections: sections.map(({ title: heading, rows }) => ({
        title: heading ?? null,
        rows: rows.map(({ id, title: row, description = null }) => ({ title: row, description, rowId: id })),
      })),
      footerText: footer ?? null,
    },
    messageContextInfo: { messageSecret: secret },
  }),
  read({ listMessage: asked }) {
    const sections = (asked?.sections ?? []).map(({ title, rows }) => ({
      ...present({ title }),
      rows: (rows ?? []).map(({ rowId, title: row, description }) => ({
        id: rowId ?? '',
        title: row ?? '',
        ...present({ description }),
      })),
    }));
    if (!asked?.description && sections.length === 0) return null;
    return {
      ...(asked?.description ? { text: asked.description } : {}),
      content: {
        ...present({ title: asked?.title, footer: asked?.footerText, button: asked?.buttonText }),
        sections,
      },
    };
  },
};
