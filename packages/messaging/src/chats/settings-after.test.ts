import { describe, expect, it } from 'vitest';
import { noChatSettings, type StoredSettings, settingsAfter } from './settings-after.ts';
import type { SharedSetting } from './shared-setting.ts';

const ANN = '6281123456789@s.whatsapp.net';
const NOW = Date.parse('2026-01-15T10:30:00.000Z');
const HOUR = 3_600_000;
const NOTHING: StoredSettings = { chats: [], labels: [], assignments: [] };
const messages = {
  latest: (_: string, upTo: number | null) => (upTo === null ? 'm9' : upTo >= 200 ? 'm2' : upTo >= 100 ? 'm1' : null),
  idOf: (_: string, waMessageId: string) => (waMessageId === 'W1' ? 'm1' : waMessageId === 'W2' ? 'm2' : undefined),
  isDeleted: (messageId: string) => messageId === 'm2',
};
const after = (settings: SharedSetting[], stored: Partial<StoredSettings> = {}) =>
  settingsAfter({ ...NOTHING, ...stored }, settings, messages, NOW);

describe('settings of chats that a device of the account has written', () => {
  it('make one event for each change, and none for what is so already', () => {
    const { chats, events } = after([
      { kind: 'archive', chat: ANN, isOn: true },
      { kind: 'archive', chat: ANN, isOn: true },
      { kind: 'pin', chat: ANN, isOn: false, at: NOW },
      { kind: 'mute', chat: ANN, until: NOW + HOUR },
    ]);
    expect(chats).toEqual([{ ...noChatSettings(ANN), isArchived: true, mutedUntil: NOW + HOUR }]);
    expect(events).toEqual([
      {
        type: 'chat.updated',
        data: {
          chat: ANN,
          changed: ['isArchived'],
          isArchived: true,
          isPinned: false,
          isMuted: false,
          mutedUntil: null,
          isMarkedUnread: false,
        },
      },
      {
        type: 'chat.updated',
        data: expect.objectContaining({ changed: ['isMuted', 'mutedUntil'], isMuted: true, isArchived: true }),
      },
    ]);
    expect(after([{ kind: 'archive', chat: ANN, isOn: true }], { chats }).events).toEqual([]);
  });

  it('tell once of a message that the account has deleted for itself, known here or not (MR-012)', () => {
    const deletion = { kind: 'deletion', chat: ANN, waMessageId: 'W1', fromMe: true, at: NOW } as const;
    const { events, deleted } = after([
      deletion,
      deletion,
      { ...deletion, waMessageId: 'W2' },
      { ...deletion, waMessageId: 'W3', fromMe: false },
    ]);
    expect(deleted).toEqual([{ messageId: 'm1', at: NOW }]);
    const told = { chat: ANN, timestamp: NOW / 1_000 };
    expect(events.map(({ data }) => data)).toEqual([
      { ...told, messageId: 'm1', waMessageId: 'W1', fromMe: true },
      { ...told, messageId: null, waMessageId: 'W3', fromMe: false },
    ]);
    expect(events.every(({ type }) => type === 'message.deleted')).toBe(true);
  });

  it('show a mute without an end as muted without a time, and one that is over as none', () => {
    const [forEver] = after([{ kind: 'mute', chat: ANN, until: Number.POSITIVE_INFINITY }]).events;
    expect(forEver?.data).toMatchObject({ isMuted: true, mutedUntil: null });
    expect(after([{ kind: 'mute', chat: ANN, until: NOW - 1 }]).events).toEqual([]);
  });

  it('that mark a chat as read tell up to where, once, and never go back', () => {
    const read = (upTo: number | null, chats: StoredSettings['chats'] = []) =>
      after([{ kind: 'mark', chat: ANN, isUnread: false, upTo }], { chats });
    const first = read(100);
    expect(first.events).toEqual([{ type: 'chat.read', data: { chat: ANN, messageId: 'm1' } }]);
    expect(read(100, first.chats).events).toEqual([]);
    expect(read(250, first.chats).events).toEqual([{ type: 'chat.read', data: { chat: ANN, messageId: 'm2' } }]);
    expect(read(100, read(250).chats)).toMatchObject({ events: [], chats: [] });
    expect(read(1).events).toEqual([]);
  });

  it('that clear or delete a chat are told with the last message concerned', () => {
    const { events } = after([
      { kind: 'clear', chat: ANN, upTo: 100 },
      { kind: 'delete', chat: ANN, upTo: null },
    ]);
    expect(events).toEqual([
      { type: 'chat.cleared', data: { chat: ANN, messageId: 'm1' } },
      { type: 'chat.deleted', data: { chat: ANN, messageId: 'm9' } },
    ]);
  });

  it('that give a star and take it away leave none', () => {
    const star = { kind: 'star', chat: ANN, waMessageId: 'W1', fromMe: false, at: NOW } as const;
    const { starred, unstarred } = after([
      { ...star, isOn: true },
      { ...star, isOn: false },
      { ...star, waMessageId: 'W2', isOn: true },
    ]);
    expect(starred).toEqual([{ chatJid: ANN, waMessageId: 'W2', fromMe: false, starredAt: NOW }]);
    expect(unstarred).toEqual([{ chatJid: ANN, waMessageId: 'W1', fromMe: false }]);
  });
});

describe('labels', () => {
  const label = { kind: 'label', labelId: '1', name: 'Paid', color: 3, isDeleted: false } as const;
  const onAnn = { kind: 'labelled', labelId: '1', chat: ANN, waMessageId: null } as const;

  it('are created, renamed and deleted, and take what had them along', () => {
    const made = after([
      label,
      { ...onAnn, isOn: true },
      { ...label, name: 'Has paid' },
      { ...label, name: 'Has paid' },
    ]);
    expect(made.events.map(({ type }) => type)).toEqual(['label.created', 'label.assigned', 'label.updated']);
    expect(made.events[1]!.data).toEqual({ labelId: '1', name: 'Paid', chat: ANN });
    const gone = after([{ ...label, name: '', isDeleted: true }], { labels: made.labels, assignments: made.assigned });
    expect(gone.events).toEqual([{ type: 'label.deleted', data: { labelId: '1', name: 'Has paid', color: 3 } }]);
    expect(gone.labels).toEqual([{ labelId: '1', name: 'Has paid', color: 3, isDeleted: true }]);
    expect(gone.unassigned).toEqual(made.assigned);
  });

  it('that are given twice are told once; a message is told by both of its names', () => {
    const given = after([
      { ...onAnn, isOn: true },
      { ...onAnn, isOn: true },
      { ...onAnn, waMessageId: 'W1', isOn: true },
      { ...onAnn, isOn: false },
    ]);
    expect(given.events.map(({ type, data }) => [type, data.messageId])).toEqual([
      ['label.assigned', undefined],
      ['label.assigned', 'm1'],
      ['label.unassigned', undefined],
    ]);
    expect(given.assigned).toEqual([{ labelId: '1', chatJid: ANN, waMessageId: 'W1' }]);
  });
});
