import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { Type } from 'typebox';
import { describeContext, plain } from '../description.ts';
import { defineKind } from './kind.ts';

const { ButtonsMessage, ListMessage, ListResponseMessage, ButtonsResponseMessage } = proto.Message;

const word = Type.String({ minLength: 1 });
const optional = Type.Optional(word);
/** The given fields that have a value. */
const some = (fields: Record<string, string | null | undefined>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value));

/** A text with buttons, as businesses send it. */
export const buttons = defineKind({
  request: {
    text: word,
    title: optional,
    footer: optional,
    buttons: Type.Array(Type.Object({ id: word, text: word }, { additionalProperties: false }), { minItems: 1 }),
  },
  compose({ text, title, footer, buttons: given }, { context }) {
    const buttonsMessage: proto.Message.IButtonsMessage = {
      contentText: text,
      ...(footer && { footerText: footer }),
      ...(title ? { text: title, headerType: ButtonsMessage.HeaderType.TEXT } : {}),
      buttons: given.map((each) => ({ buttonId: each.id, buttonText: { displayText: each.text }, type: 1 })),
      ...context,
    };
    return { message: { buttonsMessage }, type: 'text' };
  },
  members: ['buttonsMessage'],
  describe({ buttonsMessage: asked }) {
    if (!asked) return null;
    const given = (asked.buttons ?? []).map((each) => ({ id: each.buttonId, text: each.buttonText?.displayText }));
    const decoration = some({ title: asked.text, footer: asked.footerText });
    return plain('buttons', asked.contentText ?? null, {
      ...decoration,
      buttons: given,
      ...describeContext(asked.contextInfo),
    });
  },
});

const row = Type.Object({ id: word, title: word, description: optional }, { additionalProperties: false });

/** A list of rows, as businesses send it. */
export const list = defineKind({
  request: {
    text: word,
    title: optional,
    footer: optional,
    button: word,
    sections: Type.Array(
      Type.Object({ title: optional, rows: Type.Array(row, { minItems: 1 }) }, { additionalProperties: false }),
      { minItems: 1 },
    ),
  },
  compose({ text, title, footer, button, sections }, { context }) {
    const listMessage: proto.Message.IListMessage = {
      description: text,
      ...(title && { title }),
      ...(footer && { footerText: footer }),
      buttonText: button,
      listType: ListMessage.ListType.SINGLE_SELECT,
      sections: sections.map((section) => ({
        ...(section.title && { title: section.title }),
        rows: section.rows.map(({ id, ...rest }) => ({ rowId: id, ...rest })),
      })),
      ...context,
    };
    return { message: { listMessage }, type: 'media', mediaType: 'list' };
  },
  members: ['listMessage'],
  describe({ listMessage: asked }) {
    if (!asked) return null;
    const sections = (asked.sections ?? []).map(({ title, rows }) => ({
      ...some({ title }),
      rows: (rows ?? []).map((each) => some({ id: each.rowId, title: each.title, description: each.description })),
    }));
    const decoration = some({ title: asked.title, footer: asked.footerText, button: asked.buttonText });
    return plain('list', asked.description ?? null, { ...decoration, sections, ...describeContext(asked.contextInfo) });
  },
});

/** A button that was pressed. `replyTo` names the message that has it. */
export const buttonReply = defineKind({
  request: {
    buttonId: word,
    text: word,
    of: Type.Optional(
      Type.Enum(['buttons', 'template', 'interactive'], { description: 'The form of the message; default buttons' }),
    ),
  },
  compose({ buttonId, text, of = 'buttons' }, { context }) {
    if (of === 'template') {
      const templateButtonReplyMessage = {
        selectedId: buttonId,
        selectedDisplayText: text,
        selectedIndex: 1,
        ...context,
      };
      return { message: { templateButtonReplyMessage }, type: 'text' };
    }
    if (of === 'interactive') {
      const flow = { name: 'quick_reply', paramsJson: JSON.stringify({ id: buttonId }), version: 3 };
      const interactiveResponseMessage = { body: { text }, nativeFlowResponseMessage: flow, ...context };
      return { message: { interactiveResponseMessage }, type: 'media', mediaType: 'native_flow_response' };
    }
    const buttonsResponseMessage: proto.Message.IButtonsResponseMessage = {
      selectedButtonId: buttonId,
      selectedDisplayText: text,
      type: ButtonsResponseMessage.Type.DISPLAY_TEXT,
      ...context,
    };
    return { message: { buttonsResponseMessage }, type: 'media', mediaType: 'buttons_response' };
  },
  members: ['buttonsResponseMessage', 'templateButtonReplyMessage', 'interactiveResponseMessage'],
  describe({ buttonsResponseMessage: one, templateButtonReplyMessage: two, interactiveResponseMessage: three }) {
    if (one) return plain('buttonReply', one.selectedDisplayText ?? null, { buttonId: one.selectedButtonId });
    if (two) return plain('buttonReply', two.selectedDisplayText ?? null, { buttonId: two.selectedId });
    return three
      ? plain('buttonReply', three.body?.text ?? null, { flow: three.nativeFlowResponseMessage?.name })
      : null;
  },
});

/** A row that was chosen from a list. `replyTo` names the message that has it. */
export const listReply = defineKind({
  request: { rowId: word, text: word, description: optional },
  compose({ rowId, text, description }, { context }) {
    const listResponseMessage: proto.Message.IListResponseMessage = {
      title: text,
      ...(description && { description }),
      listType: ListResponseMessage.ListType.SINGLE_SELECT,
      singleSelectReply: { selectedRowId: rowId },
      ...context,
    };
    return { message: { listResponseMessage }, type: 'media', mediaType: 'list_response' };
  },
  members: ['listResponseMessage'],
  describe({ listResponseMessage: chosen }) {
    return chosen ? plain('listReply', chosen.title ?? null, { rowId: chosen.singleSelectReply?.selectedRowId }) : null;
  },
});
