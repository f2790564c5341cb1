import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, createSecretBox, systemClock } from '@wa-gate/kit';
import { createTestDatabase, freePort, type TestDatabase, waitFor } from '@wa-gate/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMailQueue, MAIL_BOX, type Mail } from '../../modules/mail/index.ts';
import { startSilentServer, startSmtpStandIn } from '../../testing/smtp-stand-in.ts';
import {
  createMailboxTransport,
  createMailSender,
  createSmtpTransport,
  type MailTransport,
  sweepMails,
} from './index.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(() => database.pool.query('DELETE FROM mails'));

const logger = createLogger({ service: 'test', level: 'silent' });
const box = createSecretBox([randomBytes(32)], MAIL_BOX);
const queue = createMailQueue({ box, isOn: true });
const senderOf = (transport: MailTransport, everyMs = 60_000) =>
  createMailSender({ pool: database.pool, box, transport, clock: systemClock, logger, everyMs });
const smtp = (port: number, login: { user?: string; password?: string } = {}) =>
  createSmtpTransport({ host: '127.0.0.1', port, from: 'wa-gate@example.test', ...login });

const MAIL: Mail = { to: 'ann@example.test', subject: 'Grüße', text: 'Ein Token:\n\nwag_rp_x\n.\nEnde' };
const rows = async () =>
  (
    await database.pool.query(
      `SELECT id, attempts, sent_at IS NOT NULL AS "isSent", last_error AS "lastError",
         extract(epoch FROM next_attempt - now())::float8 AS "dueIn", extract(epoch FROM next_attempt)::float8 AS "dueAt" FROM mails ORDER BY id`,
    )
  ).rows;
const databaseTime = async (): Promise<number> =>
  (await database.pool.query('SELECT extract(epoch FROM clock_timestamp())::float8 AS now')).rows[0].now;
const makeDue = () => database.pool.query('UPDATE mails SET next_attempt = now() WHERE sent_at IS NULL');

describe('mails over SMTP (MR-174)', () => {
  it('arrive once, with a Message-ID of their row, and are not sent again', async () => {
    const server = await startSmtpStandIn();
    const sender = senderOf(smtp(server.port));
    await queue.enqueue(database.pool, MAIL);
    expect(await sender.round()).toBe(1);
    expect(await sender.round()).toBe(0);
    const [row] = await rows();
    expect(row).toMatchObject({ attempts: 1, isSent: true, lastError: null });
    expect(server.received).toHaveLength(1);
    const [mail] = server.received;
    expect([mail!.from, mail!.to]).toEqual(['wa-gate@example.test', [MAIL.to]]);
    expect(mail!.raw).toContain(`Message-ID: <${row.id}@wa-gate>`);
    expect(mail!.raw).toContain('wag_rp_x');
    await server.close();
  });

  it('are stored sealed', async () => {
    await queue.enqueue(database.pool, MAIL);
    const { rows: stored } = await database.pool.query('SELECT content FROM mails');
    expect(stored[0].content.toString('latin1')).not.toContain('wag_rp_x');
  });

  it('are not stored when their transaction does not commit', async () => {
    const client = await database.pool.connect();
    await client.query('BEGIN');
    await queue.enqueue(client, MAIL);
    await client.query('ROLLBACK');
    client.release();
    expect(await rows()).toEqual([]);
  });

  it('log in where the server wants it', async () => {
    const login = { user: 'gate', password: 'gate-password' };
    const server = await startSmtpStandIn(login);
    await queue.enqueue(database.pool, MAIL);
    await senderOf(smtp(server.port, { ...login, password: 'wrong' })).round();
    expect((await rows())[0]).toMatchObject({ isSent: false, attempts: 1 });
    await makeDue();
    await senderOf(smtp(server.port, login)).round();
    expect(server.received.map(({ user }) => user)).toEqual(['gate']);
    await server.close();
  });

  it('are not sent with a password where there is no TLS, except on this machine', async () => {
    const server = await startSmtpStandIn({ user: 'gate', password: 'gate-password' });
    const transport = createSmtpTransport({
      // The same server by another name: not loopback as far as anybody knows.
      host: '0.0.0.0',
      port: server.port,
      user: 'gate',
      password: 'gate-password',
      from: 'wa-gate@example.test',
    });
    await queue.enqueue(database.pool, MAIL);
    await senderOf(transport).round();
    expect(server.received).toEqual([]);
    expect((await rows())[0]).toMatchObject({ isSent: false, lastError: expect.stringMatching(/TLS/i) });
    await server.close();
  });

  it('wait while the server refuses or is away, further apart each time, and arrive after all', async () => {
    const server = await startSmtpStandIn();
    await queue.enqueue(database.pool, MAIL);
    server.refuseWith(451);
    const sender = senderOf(smtp(server.port));
    for (const [index, ceiling] of [10, 30, 90].entries()) {
      await makeDue();
      const dueBefore = await databaseTime();
      await sender.round();
      const [row] = await rows();
      expect(row).toMatchObject({ attempts: index + 1, isSent: false, lastError: expect.stringContaining('451') });
      // Counted from after this moment, and looked at a moment later.
      expect(row.dueAt - dueBefore).toBeGreaterThanOrEqual(ceiling / 2);
      expect(row.dueIn).toBeLessThanOrEqual(ceiling);
      // It is not due yet.
      expect(await sender.round()).toBe(0);
    }
    await makeDue();
    const nobody = await freePort();
    await senderOf(smtp(nobody)).round();
    expect((await rows())[0]).toMatchObject({ isSent: false, lastError: expect.stringContaining('ECONNREFUSED') });
    await makeDue();
    server.refuseWith(null);
    await sender.round();
    expect(server.received).toHaveLength(1);
    await server.close();
  });

  it('of which several senders work on leave once each', async () => {
    const server = await startSmtpStandIn();
    for (let count = 0; count < 12; count += 1)
      await queue.enqueue(database.pool, { ...MAIL, to: `u${count}@example.test` });
    const senders = [1, 2, 3].map(() => senderOf(smtp(server.port)));
    for (let round = 0; round < 4; round += 1) await Promise.all(senders.map((sender) => sender.round()));
    expect(server.received).toHaveLength(12);
    expect(new Set(server.received.map(({ to }) => to[0])).size).toBe(12);
    await server.close();
  });

  it('are due again when a sender has died with them', async () => {
    const silent = await startSilentServer();
    await queue.enqueue(database.pool, MAIL);
    const dying = senderOf(smtp(silent.port), 5);
    dying.start();
    await waitFor(() => silent.connections() > 0);
    const begun = performance.now();
    await dying.stop();
    // A server that hangs does not hold up the end of the process: it would be given up after 10 s.
    expect(performance.now() - begun).toBeLessThan(8_000);
    const [row] = await rows();
    expect(row).toMatchObject({ attempts: 1, isSent: false });
    expect(row.dueIn).toBeLessThanOrEqual(120);
    await silent.close();
  });

  it('to something that looks like a list of addresses go to nobody else', async () => {
    const server = await startSmtpStandIn();
    const sender = senderOf(smtp(server.port));
    for (const to of ['ann@example.test,evil@example.test', 'ann@example.test\r\nBcc: evil@example.test']) {
      await queue.enqueue(database.pool, { ...MAIL, to, subject: 'a\r\nBcc: evil@example.test' });
    }
    await sender.round();
    expect(server.received.flatMap(({ to }) => to)).not.toContain('evil@example.test');
    for (const { raw } of server.received) expect(raw.split('\r\n\r\n', 1)[0]).not.toMatch(/^Bcc:/m);
    await server.close();
  });

  it('start by themselves, and give up the sealed ones that cannot be opened to another try', async () => {
    const server = await startSmtpStandIn();
    await createMailQueue({ box: createSecretBox([randomBytes(32)], MAIL_BOX), isOn: true }).enqueue(
      database.pool,
      MAIL,
    );
    await queue.enqueue(database.pool, MAIL);
    const sender = senderOf(smtp(server.port), 5);
    sender.start();
    await waitFor(async () => (await rows()).every(({ attempts }) => attempts > 0) && server.received.length === 1);
    await sender.stop();
    expect((await rows())[0]).toMatchObject({ isSent: false, lastError: expect.stringContaining('Sealed under key') });
    await server.close();
  });
});

describe('the mailbox of an installation without a mail server', () => {
  it('is a folder with one readable file per mail, for its owner alone', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'wag-mail-'));
    const folder = join(parent, 'mail');
    await queue.enqueue(database.pool, MAIL);
    const sender = senderOf(createMailboxTransport(folder, 'wa-gate@localhost'));
    await sender.round();
    const names = await readdir(folder);
    const [{ id }] = await rows();
    expect(names).toEqual([expect.stringMatching(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT.*_${id}\\.eml$`))]);
    const content = await readFile(join(folder, names[0]!), 'utf8');
    expect(content).toMatch(/^To: ann@example.test$/m);
    expect(content).toMatch(/^wag_rp_x$/m);
    expect((await stat(join(folder, names[0]!))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await rm(parent, { recursive: true });
  });

  it('shows a token on a line of its own, however long the lines around it are', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wag-mail-'));
    const token = `wag_ve_${'x'.repeat(52)}`;
    await queue.enqueue(database.pool, {
      ...MAIL,
      text: `${'many words '.repeat(30)}\n\n${token}\n\n${'end '.repeat(40)}`,
    });
    await senderOf(createMailboxTransport(folder, 'wa-gate@localhost')).round();
    const content = await readFile(join(folder, (await readdir(folder))[0]!), 'utf8');
    expect(content.split('\n')).toContain(token);
    expect(content.match(/many\s+words/g)).toHaveLength(30);
    await rm(folder, { recursive: true });
  });

  it('that cannot be written loses nothing', async () => {
    await queue.enqueue(database.pool, MAIL);
    await senderOf(createMailboxTransport('/dev/null/mail', 'wa-gate@localhost')).round();
    expect((await rows())[0]).toMatchObject({
      isSent: false,
      attempts: 1,
      lastError: expect.stringContaining('ENOTDIR'),
    });
  });
});

it('mails are given up after three days, and deleted after a week', async () => {
  const server = await startSmtpStandIn();
  await queue.enqueue(database.pool, MAIL);
  await database.pool.query(`UPDATE mails SET created_at = now() - interval '73 hours'`);
  expect(await senderOf(smtp(server.port)).round()).toBe(0);
  expect(await sweepMails(database.pool, 10)).toBe(0);
  await database.pool.query(`UPDATE mails SET created_at = now() - interval '169 hours'`);
  expect(await sweepMails(database.pool, 10)).toBe(1);
  await server.close();
});
