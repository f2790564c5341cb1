import { describe, expect, it } from 'vitest';
import type { proto } from '../baileys.ts';
import { readSetting } from './read-setting.ts';

const ANN = '6281123456789@s.whatsapp.net';
const read = (index: string[], value: proto.ISyncActionValue, isRemoved = false) =>
  readSetting({ index, value: { timestamp: 5_000, ...value }, isRemoved });

describe('a setting that devices share', () => {
  it.each([
    [['archive', ANN], { archiveChatAction: { archived: true } }, { kind: 'archive', chat: ANN, isOn: true }],
    [['pin_v1', ANN], { pinAction: { pinned: true } }, { kind: 'pin', chat: ANN, isOn: true, at: 5_000 }],
    [['mute', ANN], { muteAction: { muted: true, muteEndTimestamp: 9 } }, { kind: 'mute', chat: ANN, until: 9 }],
    [
      ['mute', ANN],
      { muteAction: { muted: true, muteEndTimestamp: -1 } },
      { kind: 'mute', chat: ANN, until: Infinity },
    ],
    [
      ['mute', ANN],
      { muteAction: { muted: true, muteEndTimestamp: 9e15 } },
      { kind: 'mute', chat: ANN, until: Infinity },
    ],
    [['mute', ANN], { muteAction: { muted: false } }, { kind: 'mute', chat: ANN, until: null }],
    [
      ['markChatAsRead', ANN],
      { markChatAsReadAction: { read: true, messageRange: { lastMessageTimestamp: 7 } } },
      { kind: 'mark', chat: ANN, isUnread: false, upTo: 7 },
    ],
    [['clearChat', ANN, '1', '0'], { clearChatAction: {} }, { kind: 'clear', chat: ANN, upTo: null }],
    [['deleteChat', ANN, '1'], { deleteChatAction: {} }, { kind: 'delete', chat: ANN, upTo: null }],
    [
      ['star', ANN, 'W1', '1', '0'],
      { starAction: { starred: true } },
      { kind: 'star', chat: ANN, waMessageId: 'W1', fromMe: true, at: 5_000, isOn: true },
    ],
    [
      ['deleteMessageForMe', ANN, 'W1', '0', '0'],
      { deleteMessageForMeAction: { deleteMedia: true } },
      { kind: 'deletion', chat: ANN, waMessageId: 'W1', fromMe: false, at: 5_000 },
    ],
    [
      ['label_edit', '3'],
      { labelEditAction: { name: 'Paid', color: 2 } },
      { kind: 'label', labelId: '3', name: 'Paid', color: 2, isDeleted: false },
    ],
    [
      ['label_jid', '3', ANN],
      { labelAssociationAction: { labeled: true } },
      { kind: 'labelled', labelId: '3', chat: ANN, waMessageId: null, isOn: true },
    ],
    [
      ['label_message', '3', ANN, 'W1', '0', '0'],
      { labelAssociationAction: { labeled: false } },
      { kind: 'labelled', labelId: '3', chat: ANN, waMessageId: 'W1', isOn: false },
    ],
  ])('%j is read', (index, value, setting) => expect(read(index, value)).toEqual(setting));

  it('that was removed is off', () => {
    expect(read(['archive', ANN], { archiveChatAction: { archived: true } }, true)).toMatchObject({ isOn: false });
    expect(read(['mute', ANN], { muteAction: { muted: true } }, true)).toMatchObject({ until: null });
    expect(read(['label_edit', '3'], {}, true)).toMatchObject({ isDeleted: true });
    expect(read(['deleteMessageForMe', ANN, 'W1', '0', '0'], {}, true)).toBeNull();
  });

  it.each([
    [['setting_locale']],
    [['archive', '']],
    [['star', ANN]],
    [['deleteMessageForMe', ANN]],
    [['label_jid', '3', '']],
    [[]],
  ])('%j is none that is kept', (index) => expect(read(index, {})).toBeNull());

  it('names a chat without a device', () =>
    expect(read(['archive', '6281123456789:3@s.whatsapp.net'], {})).toMatchObject({ chat: ANN }));
});
