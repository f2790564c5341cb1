import { curve, type DashboardSpec, figure } from './spec.ts';

export const fleet: DashboardSpec = {
  name: 'fleet',
  title: 'wa-gate / Fleet',
  description: 'Processes, workers, placements: is everything there, and is there room?',
  rows: [
    {
      title: 'Now',
      panels: [
        figure(
          'Gateways',
          'none',
          'count(wag_build_info{service="gateway"})',
          'Processes of the gateway, jobs included.',
        ),
        figure('Workers', 'none', 'count(wag_build_info{service="worker"})', 'Processes of workers.'),
        figure(
          'Ready workers',
          'none',
          'sum(max by (network) (wag_autoscaling_ready_workers{network=~"$network"}))',
          'Workers that take sessions.',
        ),
        figure(
          'Sessions',
          'none',
          'sum(max by (network) (wag_autoscaling_sessions{network=~"$network"}))',
          'Sessions that should run.',
        ),
        figure(
          'Without worker',
          'none',
          'sum(max by (network) (wag_autoscaling_waiting_sessions{network=~"$network"}))',
          'Sessions that should run and have no living worker.',
        ),
        figure('Alerts', 'none', 'count(ALERTS{alertstate="firing"}) or vector(0)', 'Alerts that fire.'),
      ],
    },
    {
      title: 'Capacity',
      panels: [
        curve(
          'Workers',
          'short',
          [
            ['max by (network) (wag_autoscaling_desired_workers{network=~"$network"})', 'desired {{network}}'],
            ['max by (network) (wag_autoscaling_ready_workers{network=~"$network"})', 'ready {{network}}'],
          ],
          'What an autoscaler is told, and what there is.',
        ),
        curve(
          'Usage',
          'percentunit',
          [['max by (network) (wag_autoscaling_usage_ratio{network=~"$network"})', '{{network}}']],
          'Sessions by capacity; 100 % is full.',
        ),
        curve(
          'Sessions and capacity',
          'short',
          [
            ['max by (network) (wag_autoscaling_capacity_sessions{network=~"$network"})', 'capacity {{network}}'],
            ['max by (network) (wag_autoscaling_sessions{network=~"$network"})', 'sessions {{network}}'],
          ],
          'Sessions that should run, and what the ready workers may have.',
        ),
        curve(
          'Sessions by worker',
          'short',
          [
            ['sum by (instance) (wag_sessions{state!~"fenced|stopped"})', '{{instance}}'],
            ['sum by (instance) (wag_worker_capacity_sessions)', 'capacity {{instance}}'],
          ],
          'An even spread is what the placement aims at.',
        ),
      ],
    },
    {
      title: 'Placement',
      panels: [
        curve(
          'Placement changes',
          'ops',
          [['sum by (reason) (rate(wag_placement_changes_total[$__rate_interval]))', '{{reason}}']],
          'Sessions that got a worker.',
        ),
        curve(
          'Takeovers',
          'ops',
          [['sum by (cause) (rate(wag_takeovers_total[$__rate_interval]))', '{{cause}}']],
          'Sessions taken over from workers that are gone.',
        ),
        curve(
          'Ends of workers',
          'ops',
          [
            ['sum by (evidence) (rate(wag_worker_deaths_total[$__rate_interval]))', '{{evidence}}'],
            ['sum by (reason) (rate(wag_placement_moves_asked_total[$__rate_interval]))', 'asked to move: {{reason}}'],
          ],
          'Leases ended before their time, and sessions that workers were asked to hand over.',
        ),
        curve(
          'Waiting for a place',
          'short',
          [['max by (why) (wag_placement_waiting)', '{{why}}']],
          'As the gateways saw it last.',
        ),
        curve(
          'Control streams',
          'short',
          [['sum by (state) (wag_control_streams)', '{{state}}']],
          'One from each gateway to each worker; `silent` is trouble.',
        ),
        curve(
          'Leases and health checks',
          'short',
          [
            ['sum(wag_worker_lease_held)', 'leases held'],
            ['sum by (outcome) (rate(wag_worker_probes_total[$__rate_interval]))', 'checks per second: {{outcome}}'],
          ],
          'Workers with a lease, and what answered the health checks of gateways.',
        ),
      ],
    },
    {
      title: 'Processes',
      panels: [
        curve(
          'Processor',
          'percentunit',
          [['rate(process_cpu_seconds_total{service=~"gateway|worker"}[$__rate_interval])', '{{instance}}']],
          'Share of one core.',
        ),
        curve(
          'Memory',
          'bytes',
          [['process_resident_memory_bytes{service=~"gateway|worker"}', '{{instance}}']],
          'Resident memory.',
        ),
        curve(
          'Event loop, 99 %',
          's',
          [['nodejs_eventloop_lag_p99_seconds{service=~"gateway|worker"}', '{{instance}}']],
          'How late timers are.',
        ),
        curve(
          'Uptime',
          's',
          [['time() - process_start_time_seconds{service=~"gateway|worker"}', '{{instance}}']],
          'A curve that falls is a restart.',
        ),
        curve(
          'Warnings',
          'ops',
          [
            [
              'sum by (instance, outcome) (rate(wag_system_log_lines_total[$__rate_interval]))',
              '{{instance}} {{outcome}}',
            ],
          ],
          'Warnings and errors on their way into the database; dropped ones are on the output only.',
        ),
        curve(
          'Broken rules of the tables',
          'short',
          [['max by (invariant) (wag_invariant_violations)', '{{invariant}}']],
          'Anything but 0 is a defect.',
        ),
        curve(
          'Sessions at risk',
          'short',
          [['max by (level) (wag_sessions_at_risk)', '{{level}}']],
          'Accounts that WhatsApp may restrict, by the level of their risk score.',
        ),
        curve(
          'Deletions',
          'short',
          [
            ['max by (state) (wag_open_deletions)', '{{state}}'],
            ['sum(rate(wag_erased_rows_total[$__rate_interval]))', 'rows/s'],
          ],
          'What was deleted and still has rows. A request that stays for longer than minutes does not get on: the log says why.',
        ),
      ],
    },
  ],
};
