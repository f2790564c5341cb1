import { createSecretBox } from '@wa-gate/kit';
import { MAIL_BOX, mailContext } from '../modules/mail/index.ts';
import type { GatewayFixture } from './gateway-fixture.ts';

interface StoredMail {
  to: string;
  subject: string;
  text: string;
}

/** The unsent mails of an address, oldest first, as the jobs would read them. */
export async function mailsTo(fixture: GatewayFixture, address: string): Promise<StoredMail[]> {
  const box = createSecretBox([fixture.masterKey], MAIL_BOX);
  const { rows } = await fixture.database.pool.query<{ id: string; recipient: string; content: Buffer }>(
    'SELECT id, recipient, content FROM mails WHERE recipient = $1 ORDER BY id',
    [address],
  );
  return rows.map(({ id, recipient, content }) => ({
    to: recipient,
    ...JSON.parse(box.open(content, mailContext(id)).toString()),
  }));
}

/** The token of the last mail with this subject. */
export async function mailedToken(fixture: GatewayFixture, address: string, subject: RegExp): Promise<string> {
  const mail = (await mailsTo(fixture, address)).findLast((each) => subject.test(each.subject));
  return /^wag_\S+$/m.exec(mail!.text)![0];
}
