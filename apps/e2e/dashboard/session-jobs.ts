import { describe, expect, test } from 'vitest';
import { pairSession } from '../harness/pair-session.ts';
import type { Stage } from './stage.ts';

/** What is done with a session: linking it again, its proxy, its risk and its pacing. */
export function sessionJobs(stage: Stage): void {
  describe('how a session connects (MR-174, MR-200)', () => {
    test('one that the phone has removed is linked again on its page; a proxy that cannot be is refused in words', async () => {
      const again = await pairSession(stage.system(), stage.tenant, { phoneName: 'Gone and back' });
      const visitor = await stage.visitAs(stage.tenant);
      const { page } = visitor;
      await visitor.goto(`/sessions/${again.sessionId}`);

      const proxy = page.getByRole('region', { name: 'Proxy', exact: true });
      await proxy.getByText('directly').waitFor();
      await proxy.getByRole('button', { name: 'Try and use' }).click();
      await proxy.getByText('Enter the address.').waitFor();
      await proxy.getByLabel('Address of a proxy').fill('socks5://127.0.0.1:1080');
      await proxy.getByRole('button', { name: 'Try and use' }).click();
      await proxy.getByText('private').waitFor();

      const [device] = await stage.system().sandbox.devices(again.phone.number);
      await stage.system().sandbox.removeDevice(again.phone.number, device!.id);
      await page.getByRole('button', { name: 'Link again' }).click();
      const code = page.getByRole('img', { name: /^QR code to link session/ });
      await code.waitFor();
      expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
      await visitor.picture('session-relink');
      const qr = (await code.getAttribute('data-qr'))!;
      stage.system().secrets.add(qr);
      await stage.system().sandbox.scan(again.phone.number, qr);
      await page.getByText('Connected', { exact: true }).first().waitFor();
      await stage.tenant.api.wa.sessions.delete({ id: again.sessionId });
      visitor.expectNoMisdeeds();
    });
  });

  describe('the risk and the pacing of a session (MR-097, MR-200)', () => {
    test('a gauge with words follows what WhatsApp says, with reasons and advice; the pacing is changed by a form', async () => {
      // The lock counts for days: broadcasts of this account would be paused.
      const locked = await pairSession(stage.system(), stage.tenant, { sessionId: 'locked', phoneName: 'Toko Mawar' });
      const visitor = await stage.visitAs(stage.tenant);
      const { page } = visitor;
      await visitor.goto('/sessions/locked');
      const risk = page.getByRole('region', { name: 'Risk', exact: true });
      await risk.getByText('of 100').waitFor();
      const fault = await stage.system().sandbox.addFault({ kind: 'time-lock', phone: locked.phone.number });
      await risk.getByText('High', { exact: true }).waitFor();
      await risk.getByText('WhatsApp does not let the account begin new chats at present.').waitFor();
      await risk.getByText('begin no chats for some days').waitFor();
      await visitor.picture('session-risk-1440-light');
      await stage.system().sandbox.cancelFault(fault);

      const pacing = page.getByRole('region', { name: 'Pacing', exact: true });
      await pacing.getByLabel('Seconds between messages of broadcasts').fill('3.5');
      await pacing.getByLabel('Pause broadcasts at a risk of').fill('');
      await pacing.getByLabel('Quiet from').fill('21:00');
      await pacing.getByRole('button', { name: 'Save pacing' }).click();
      await pacing.getByText('Enter both times, or none.').waitFor();
      await pacing.getByLabel('Quiet until').fill('07:30');
      await pacing.getByRole('button', { name: 'Save pacing' }).click();
      await pacing.getByText('No guard:').waitFor();
      const read = () => stage.tenant.api.wa.sessions.getPacing({ id: 'locked' });
      expect((await read()).settings).toMatchObject({
        broadcastGapMs: 3_500,
        messageGapMs: 1_000,
        riskGuard: null,
        quietHours: { from: '21:00', to: '07:30', clock: 'recipient' },
      });
      expect([...(await visitor.axe()), ...(await visitor.overflows())]).toEqual([]);
      visitor.expectNoMisdeeds();
      await stage.tenant.api.wa.sessions.delete({ id: 'locked' });
    });
  });
}
