import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecretBox } from '@wa-gate/kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGatewayFixture, type GatewayFixture } from '../../testing/gateway-fixture.ts';
import { MAIL_BOX, mailContext } from '../mail/index.ts';

let fixture: GatewayFixture;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wag-mail-'));
  fixture = await createGatewayFixture({ MAIL_DIR: folder });
});
afterAll(async () => {
  await fixture?.close();
  await rm(folder, { recursive: true, force: true });
});

it('an invitation is mailed where mail is on, in the transaction that makes it, and its token is stored nowhere in the clear', async () => {
  const owner = await fixture.register();
  const { body: me } = await fixture.call('GET', '/api/auth/me', { as: owner.token });
  const invited = await fixture.call('POST', `/api/workspaces/${me.data.workspaceId}/invitations`, {
    as: owner.token,
    body: { email: 'guest@example.test', role: 'operator' },
  });
  expect(invited.body.data.mailed).toBe(true);
  const { token } = invited.body.data;
  const { rows } = await fixture.database.pool.query<{ id: string; content: Buffer }>(
    `SELECT id, content FROM mails WHERE recipient = 'guest@example.test'`,
  );
  expect(rows).toHaveLength(1);
  const box = createSecretBox([fixture.masterKey], MAIL_BOX);
  const mail = JSON.parse(box.open(rows[0]!.content, mailContext(rows[0]!.id)).toString());
  expect(mail.subject).toContain('Invitation to');
  expect(mail.text.split('\n')).toContain(token);
  expect(mail.text).toContain(owner.email);
  expect(rows[0]!.content.includes(token)).toBe(false);
  const stored = await fixture.database.pool.query('SELECT * FROM workspace_invitations');
  expect(JSON.stringify(stored.rows)).not.toContain(token);
});
