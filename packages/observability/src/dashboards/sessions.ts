import { curve, type DashboardSpec, figure, quantiles } from './spec.ts';

export const sessions: DashboardSpec = {
  name: 'sessions',
  title: 'wa-gate / Sessions',
  description: 'Linked devices: connected or not, and why not.',
  rows: [
    {
      title: 'Now',
      panels: [
        figure('Connected', 'percentunit', 'wag:sessions_connected:ratio', 'Share of the linked sessions.'),
        figure('Sessions', 'none', 'sum(wag:stored_sessions:max{network=~"$network"})', 'Sessions that should run.'),
        figure(
          'Logged out',
          'none',
          'sum(wag:stored_sessions:max{state="logged_out"}) or vector(0)',
          'They need a new QR code.',
        ),
        figure(
          'Restricted',
          'none',
          'sum(wag:stored_sessions:max{state="restricted"}) or vector(0)',
          'Refused by WhatsApp.',
        ),
        figure(
          'Banned',
          'none',
          'sum(wag:stored_sessions:max{state="banned"}) or vector(0)',
          'Banned by WhatsApp, for a while or for good.',
        ),
      ],
    },
    {
      title: 'States',
      panels: [
        curve(
          'States in the database',
          'short',
          [['sum by (state) (wag:stored_sessions:max{network=~"$network"})', '{{state}}']],
          'What the API tells.',
          { stacked: true },
        ),
        curve(
          'States in the workers',
          'short',
          [['sum by (state) (wag_sessions)', '{{state}}']],
          'What the actors do.',
          { stacked: true },
        ),
        curve(
          'Placed and hosted',
          'short',
          [['sum by (what) (wag_supervised_sessions)', '{{what}}']],
          'More actors than placements for long would be a leak.',
        ),
        curve(
          'Lost ownership',
          'ops',
          [['sum by (instance) (rate(wag_fence_refusals_total[$__rate_interval]))', '{{instance}}']],
          'Actors that found that their session has another owner.',
        ),
      ],
    },
    {
      title: 'Connections',
      panels: [
        curve(
          'Ends of connections',
          'ops',
          [['sum by (reason) (rate(wag_session_closes_total[$__rate_interval]))', '{{reason}}']],
          "WhatsApp's code, or what was noticed here.",
        ),
        curve(
          'Time to connect',
          's',
          quantiles('wag_session_connect_seconds'),
          'From the begin of an attempt to the login.',
        ),
        curve(
          'Linking',
          'ops',
          [['sum by (step) (rate(wag_session_pairing_steps_total[$__rate_interval]))', '{{step}}']],
          'Codes shown, devices linked.',
        ),
        curve(
          'Dead connections replaced',
          'ops',
          [['sum by (reason) (rate(wag_session_recycles_total[$__rate_interval]))', '{{reason}}']],
          'Open, and nothing came through.',
        ),
      ],
    },
  ],
};
