import type { Reader } from './codec.ts';
import { present } from './fields.ts';

/** What somebody has chosen from buttons: of a message, of a template, or of an interactive message. */
export const buttonReply: Reader = {
  members: ['buttonsResponseMessage', 'templateButtonReplyMessage', 'interactiveResponseMessage'],
  read({ buttonsResponseMessage: button, templateButtonReplyMessage: template, interactiveResponseMessage: flow }) {
    if (button) return reply(button.selectedDisplayText, { buttonId: button.selectedButtonId });
    if (template) {
      const { selectedDisplayText, selectedId: buttonId, selectedIndex: index } = template;
      return reply(selectedDisplayText, { buttonId, index });
    }
    if (!flow) return null;
    const { name, paramsJson } = flow.nativeFlowResponseMessage ?? {};
    const params = parametersIn(paramsJson);
    return reply(flow.body?.text, { buttonId: textOf(params?.id), flow: name, params });
  },
};

/** The row that somebody has chosen from a list. */
export const listReply: Reader = {
  members: ['listResponseMessage'],
  read({ listResponseMessage: chosen }) {
    const { title, description, singleSelectReply } = chosen ?? {};
    return chosen ? reply(title, { rowId: singleSelectReply?.selectedRowId, description }) : null;
  },
};

/** A reply without words and without a choice says nothing. */
function reply(text: string | null | undefined, fields: Record<string, unknown>) {
  const content = present(fields);
  return text || Object.keys(content).length > 0 ? { ...(text ? { text } : {}), content } : null;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The parameters of a native flow are JSON that the sender has written. */
function parametersIn(json: string | null | undefined): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(json ?? '');
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
