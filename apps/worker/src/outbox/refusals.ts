/** The meaning of a refusal by WhatsApp: the code of the failed message and a sentence for the user. */
export interface Refusal {
  code: string;
  sentence: string;
}

/** The code of a refusal that concerns all new chats of the account, if the account says so when it is asked. */
export const TIME_LOCKED = 'WA_REACHOUT_TIMELOCK';

/** The code of a refusal that concerns everything that the account sends for now. */
export const RATE_LIMITED = 'WA_RATE_LIMITED';

const CHAT_REFUSED_CODE = 'WA_CHAT_REFUSED';

/** 463 to an account that may begin chats: this one it may not. */
export const CHAT_REFUSED: Refusal = {
  code: CHAT_REFUSED_CODE,
  sentence:
    'WhatsApp does not let this account begin this chat. The account is not restricted, and other chats go on. Let the recipient write first; sending again does not help. (WhatsApp code 463)',
};

const TABLE: Readonly<Record<string, Refusal>> = {
  '400': {
    code: CHAT_REFUSED_CODE,
    sentence: 'WhatsApp does not take messages of this account for this chat. Other chats go on.',
  },
  '401': { code: 'WA_NOT_ALLOWED', sentence: 'WhatsApp does not allow this account to write to this chat.' },
  '403': { code: 'WA_NOT_ALLOWED', sentence: 'WhatsApp does not allow this account to write to this chat.' },
  '404': { code: 'WA_CHAT_NOT_FOUND', sentence: 'WhatsApp does not know this chat.' },
  '429': {
    code: RATE_LIMITED,
    sentence:
      'WhatsApp refuses the message because this account sends too fast. Send fewer messages and try again later.',
  },
  '463': {
    code: TIME_LOCKED,
    sentence:
      'WhatsApp does not let this account start new chats at present. Wait until the restriction ends; do not retry before that.',
  },
  '479': {
    code: 'WA_STANZA_REJECTED',
    sentence: 'WhatsApp rejected the message because the device list of the recipient has changed. Send it again.',
  },
};

const OTHER: Refusal = { code: 'WA_REJECTED', sentence: 'WhatsApp refused the message.' };

export function describeRefusal(waCode: string): Refusal {
  const { code, sentence } = TABLE[waCode] ?? OTHER;
  return { code, sentence: `${sentence} (WhatsApp code ${waCode})` };
}

export const SEND_FAILED: Refusal = {
  code: 'SEND_FAILED',
  sentence: 'The message could not be sent after several attempts. Try again later.',
};

export const SEND_UNCERTAIN: Refusal = {
  code: 'SEND_UNCERTAIN',
  sentence:
    'The connection ended before WhatsApp acknowledged the message, so nobody knows whether it left. As you asked (`onUncertain: "fail"`), it is not sent again. Look into the chat before you send it anew.',
};

/** Of a change: what became of its message before the turn of the change came. */
export const MESSAGE_DELETED: Refusal = {
  code: 'MESSAGE_DELETED',
  sentence: 'The message was deleted before the change was sent. Nothing was sent.',
};

export const MESSAGE_NOT_SENT: Refusal = {
  code: 'MESSAGE_NOT_SENT',
  sentence: 'The message itself could not be sent, so there is nothing to change.',
};
