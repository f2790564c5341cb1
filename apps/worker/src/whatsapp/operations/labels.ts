import type { StoredLabel } from '@wa-gate/messaging';
import { OperationRefusedError } from '../errors.ts';
import type { NewSetting } from '../shared-settings/shared-settings.ts';
import type { OperationSocket, Performers } from './operation-socket.ts';

const COLORS = 20;

/** Labels are changed one after another: the next number, and what stays as it is, come from what was read before. */
export const labels: Performers<'labels'> = {
  'labels.create': ({ settings }, { name, color }) =>
    settings.inTurn(async () => {
      await settings.read(['regular']);
      const known = await settings.labels();
      // A number is not used again: chats may still have the label that had it.
      const labelId = String(Math.max(0, ...known.map((label) => Number(label.labelId) || 0)) + 1);
      const label = { labelId, name, color: color ?? known.length % COLORS };
      await settings.write([edited(label)]);
      return label;
    }),
  'labels.update': ({ settings }, { label: labelId, name, color }) =>
    settings.inTurn(async () => {
      const before = await find(settings, labelId);
      const label = { labelId, name: name ?? before.name, color: color ?? before.color };
      await settings.write([edited(label)]);
      return label;
    }),
  'labels.delete': ({ settings }, { label: labelId }) =>
    settings.inTurn(async () => {
      const { name, color, isDeleted } = await findAny(settings, labelId);
      if (!isDeleted) await settings.write([edited({ labelId, name, color }, true)]);
      return { labelId, deleted: true };
    }),
  'labels.assignChat': ({ settings }, { label, chat }) => associate(settings, label, ['label_jid', label, chat], true),
  'labels.unassignChat': ({ settings }, { label, chat }) =>
    associate(settings, label, ['label_jid', label, chat], false),
  'labels.assignMessage': ({ settings }, { label, message }) =>
    associate(settings, label, ofMessage(label, message), true),
  'labels.unassignMessage': ({ settings }, { label, message }) =>
    associate(settings, label, ofMessage(label, message), false),
};

/** WhatsApp's clients write neither whose message it is nor its author. */
const ofMessage = (label: string, { chat, id }: { chat: string; id: string }) => [
  'label_message',
  label,
  chat,
  id,
  '0',
  '0',
];

const edited = ({ labelId, name, color }: Omit<StoredLabel, 'isDeleted'>, deleted = false): NewSetting => ({
  type: 'regular',
  index: ['label_edit', labelId],
  apiVersion: 3,
  syncAction: { labelEditAction: { name, color, deleted } },
});

/** @throws {OperationRefusedError} LABEL_NOT_FOUND, also when it was deleted */
async function find(settings: OperationSocket['settings'], labelId: string): Promise<StoredLabel> {
  const label = await findAny(settings, labelId);
  if (label.isDeleted) throw notFound();
  return label;
}

async function findAny(settings: OperationSocket['settings'], labelId: string): Promise<StoredLabel> {
  await settings.read(['regular']);
  const label = (await settings.labels()).find((each) => each.labelId === labelId);
  if (!label) throw notFound();
  return label;
}

const notFound = () =>
  new OperationRefusedError(
    'LABEL_NOT_FOUND',
    'This session has no such label. GET /api/sessions/{id}/labels lists them.',
  );

async function associate(settings: OperationSocket['settings'], labelId: string, index: string[], labeled: boolean) {
  await find(settings, labelId);
  await settings.write([
    { type: 'regular', index, apiVersion: 3, syncAction: { labelAssociationAction: { labeled } } },
  ]);
  return { count: 1 };
}
