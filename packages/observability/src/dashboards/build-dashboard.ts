import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { DashboardSpec, PanelSpec } from './spec.ts';

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const LAST = ['lastNotNull'];
const STAT_WIDTH = 4;
const CURVE_WIDTH = 12;

/**
 * The model that Grafana loads. Ids of panels follow from their order, so that a rebuilt dashboard differs where it was
 * changed.
 */
export function buildDashboard({ name, title, description, rows }: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(`wag-${name}`)
    .description(description)
    .tags(['wa-gate'])
    .readonly()
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('network')
        .label('Network')
        .datasource(DATASOURCE)
        .query('label_values(wag_autoscaling_sessions, network)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ text: 'All', value: '$__all', selected: true }),
    );
  let id = 0;
  for (const row of rows) {
    id += 1;
    builder.withRow(new RowBuilder(row.title).id(id));
    for (const panel of row.panels) {
      id += 1;
      builder.withPanel(panel.kind === 'stat' ? stat(panel, id) : timeseries(panel, id));
    }
  }
  return builder.build();
}

function stat(panel: PanelSpec, id: number): StatBuilder {
  const builder = new StatBuilder()
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(LAST).values(false))
    .height(4)
    .span(panel.width ?? STAT_WIDTH);
  return withTargets(builder, panel);
}

function timeseries(panel: PanelSpec, id: number): TimeseriesBuilder {
  const builder = new TimeseriesBuilder()
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .min(0)
    .lineWidth(1)
    .fillOpacity(panel.stacked ? 30 : 5)
    .stacking(new StackingConfigBuilder().mode(panel.stacked ? StackingMode.Normal : StackingMode.None))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(LAST),
    )
    .height(8)
    .span(panel.width ?? CURVE_WIDTH);
  return withTargets(builder, panel);
}

const refIdOf = (index: number): string => String.fromCharCode('A'.charCodeAt(0) + index);

function withTargets<B extends StatBuilder | TimeseriesBuilder>(builder: B, { queries }: PanelSpec): B {
  for (const [index, [expr, legend]] of queries.entries()) {
    builder.withTarget(
      new DataqueryBuilder().refId(refIdOf(index)).datasource(DATASOURCE).expr(expr).legendFormat(legend).range(),
    );
  }
  return builder;
}
