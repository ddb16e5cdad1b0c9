import { parse } from "yaml";

/** A dashboard as stacks/monitoring/dashboards/ describes it. */
export interface DashboardSource {
  readonly title: string;
  /** Variables by name: the query for their values. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly panels: readonly {
    readonly title: string;
    /** Grafana's name of the unit; default: a plain number. */
    readonly unit?: string;
    /** End of the axis. */
    readonly max?: number;
    /** PromQL by legend. */
    readonly queries: Readonly<Record<string, string>>;
  }[];
}

/** Grafana's data source, as stacks/monitoring/grafana/sources.yml makes it. */
const datasource = { type: "prometheus", uid: "prometheus" };

/** A row of Grafana's grid is 24 wide; two panels lie side by side. */
const [width, height] = [12, 8];

/**
 * A dashboard as Grafana takes it, every panel a time series
 * (https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/).
 *
 * @param name file name without ending; the dashboard's address in Grafana.
 */
export function dashboardJson(name: string, source: string): string {
  const { title, variables = {}, panels } = parse(source) as DashboardSource;
  return JSON.stringify(
    {
      uid: `swarm-${name}`,
      title,
      tags: ["swarm"],
      editable: false,
      schemaVersion: 39,
      refresh: "10s",
      time: { from: "now-1h", to: "now" },
      links: [
        { type: "dashboards", title: "Swarm", tags: ["swarm"], asDropdown: true, includeVars: true, keepTime: true },
      ],
      templating: {
        list: Object.entries(variables).map(([variable, query]) => ({
          name: variable,
          type: "query",
          datasource,
          query,
          refresh: 2,
          sort: 1,
        })),
      },
      panels: panels.map(panelJson),
    },
    undefined,
    1,
  );
}

function panelJson({ title, unit, max, queries }: DashboardSource["panels"][number], index: number): unknown {
  return {
    id: index + 1,
    type: "timeseries",
    title,
    datasource,
    gridPos: { x: (index % 2) * width, y: Math.floor(index / 2) * height, w: width, h: height },
    fieldConfig: {
      defaults: { unit: unit ?? "short", min: 0, ...(max === undefined ? {} : { max }) },
      overrides: [],
    },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    targets: Object.entries(queries).map(([legendFormat, expr], place) => ({
      refId: String.fromCharCode(65 + place),
      expr,
      legendFormat,
      datasource,
    })),
  };
}
