import type { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Static } from 'typebox';
import type { Account } from '../accounts/account.ts';
import { SandboxError } from '../errors.ts';
import type { ServerContext } from '../server/context.ts';
import type { AppStateMutation, CollectionName } from '../signal/app-state.ts';
import { isGroup } from '../wire/jid.ts';
import type { AppStateRequest } from './schemas.ts';

type Action = Static<typeof AppStateRequest>;

const EIGHT_HOURS_MS = 8 * 3_600_000;

/** Changes a shared setting on a phone, as its owner does by hand. */
export function actOnAppState(
  context: ServerContext,
  account: Account,
  request: Action,
): { collection: CollectionName; version: number } {
  const { collection, mutations } = mutationsFor(context, account, request);
  const version = context.recorder.cpu.span('phone', () => account.appState.write(collection, mutations));
  context.phones.of(account).settingsChanged(mutations);
  return { collection, version };
}

function mutationsFor(
  context: ServerContext,
  account: Account,
  request: Action,
): { collection: CollectionName; mutations: AppStateMutation[] } {
  const on = request.on ?? true;
  const timestamp = Date.now();
  const set = (index: string[], version: number, value: proto.ISyncActionValue): AppStateMutation[] => [
    { operation: 'set', index, version, value: { timestamp, ...value } },
  ];
  switch (request.action) {
    case 'pushName': {
      account.name = required(request.name, 'name');
      account.save();
      const value = { pushNameSetting: { name: account.name } };
      return { collection: 'critical_block', mutations: set(['setting_pushName'], 1, value) };
    }
    case 'contact': {
      const fullName = required(request.name, 'name');
      account.addressBook.set(context.directory.get(required(request.chat, 'chat')).number, fullName);
      account.save();
      const value = { contactAction: { fullName, firstName: fullName.split(' ')[0] ?? fullName } };
      return { collection: 'critical_unblock_low', mutations: set(['contact', chatJid(context, request)], 2, value) };
    }
    case 'archive': {
      const value = { archiveChatAction: { archived: on, messageRange: {} } };
      return { collection: 'regular_low', mutations: set(['archive', chatJid(context, request)], 3, value) };
    }
    case 'pin':
      return {
        collection: 'regular_low',
        mutations: set(['pin_v1', chatJid(context, request)], 5, { pinAction: { pinned: on } }),
      };
    case 'read': {
      const value = { markChatAsReadAction: { read: on, messageRange: {} } };
      return { collection: 'regular_low', mutations: set(['markChatAsRead', chatJid(context, request)], 3, value) };
    }
    case 'mute': {
      const until = request.until ?? Date.now() + EIGHT_HOURS_MS;
      const value = { muteAction: { muted: on, muteEndTimestamp: on ? until : null } };
      return { collection: 'regular_high', mutations: set(['mute', chatJid(context, request)], 2, value) };
    }
    case 'clear': {
      const value = { clearChatAction: { messageRange: range(context, account, request) } };
      return {
        collection: 'regular_high',
        mutations: set(['clearChat', chatJid(context, request), '1', '0'], 6, value),
      };
    }
    case 'delete': {
      const value = { deleteChatAction: { messageRange: range(context, account, request) } };
      return { collection: 'regular_high', mutations: set(['deleteChat', chatJid(context, request), '1'], 6, value) };
    }
    case 'label': {
      // `on: false` deletes it.
      const { name = '', color = 0 } = request;
      const value = { labelEditAction: { name, color, deleted: !on } };
      return { collection: 'regular', mutations: set(['label_edit', required(request.label, 'label')], 3, value) };
    }
    case 'labelChat': {
      const index = ['label_jid', required(request.label, 'label'), chatJid(context, request)];
      return { collection: 'regular', mutations: set(index, 3, { labelAssociationAction: { labeled: on } }) };
    }
    case 'labelMessage': {
      const { chat, entry } = messageOf(context, account, request);
      const index = ['label_message', required(request.label, 'label'), chat, entry.id, '0', '0'];
      return { collection: 'regular', mutations: set(index, 3, { labelAssociationAction: { labeled: on } }) };
    }
    case 'star': {
      const index = ['star', ...indexOf(context, messageOf(context, account, request))];
      return { collection: 'regular_high', mutations: set(index, 2, { starAction: { starred: on } }) };
    }
    case 'deleteForMe': {
      const message = messageOf(context, account, request);
      const value = {
        deleteMessageForMeAction: { deleteMedia: true, messageTimestamp: Math.floor(message.entry.at / 1000) },
      };
      const index = ['deleteMessageForMe', ...indexOf(context, message)];
      return { collection: 'regular_high', mutations: set(index, 3, value) };
    }
  }
}

function messageOf(context: ServerContext, account: Account, request: Action) {
  const id = required(request.message, 'message');
  const entry = context.phones.of(account).inbox.findById(id);
  if (!entry) {
    throw new SandboxError(404, 'MESSAGE_NOT_FOUND', `Phone ${account.number} has no message ${id}; see its messages.`);
  }
  return { entry, chat: isGroup(entry.chat) ? entry.chat : context.directory.get(entry.chat).jid };
}

/** How settings of a message name it: the chat, its id, whether the account wrote it, and the member of a group. */
function indexOf(context: ServerContext, { chat, entry }: ReturnType<typeof messageOf>): string[] {
  const author = isGroup(entry.chat) && !entry.fromMe ? context.directory.get(entry.from).jid : '0';
  return [chat, entry.id, entry.fromMe ? '1' : '0', author];
}

/** Up to the last message that the phone shows in the chat. */
function range(context: ServerContext, account: Account, request: Action) {
  const entries = [...context.phones.of(account).inbox.all()].filter(({ chat }) => chat === request.chat);
  const last = Math.max(0, ...entries.map(({ at }) => Math.floor(at / 1000)));
  return { lastMessageTimestamp: last };
}

function chatJid(context: ServerContext, request: Action): string {
  const chat = required(request.chat, 'chat');
  return isGroup(chat) ? context.groups.get(chat).jid : context.directory.get(chat).jid;
}

function required(value: string | undefined, field: string): string {
  if (value) return value;
  throw new SandboxError(400, 'FIELD_MISSING', `This action needs the field \`${field}\`.`);
}
