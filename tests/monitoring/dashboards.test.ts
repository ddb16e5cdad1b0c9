import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { dashboardJson, type DashboardSource } from "../../components/dashboards";
import { readFile, RenderedFiles, ruleFiles } from "../support/monitoring";
import { runTool } from "../support/tools";

const names = readdirSync(join(__dirname, "..", "..", "stacks", "monitoring", "dashboards")).map((file) =>
  file.replace(/\.yml$/, ""),
);
const panels = names.flatMap((name) =>
  (parse(readFile(`dashboards/${name}.yml`)) as DashboardSource).panels.map((panel) => ({ name, ...panel })),
);
const queries = panels.flatMap(({ name, title, queries: ofPanel }) =>
  Object.values(ofPanel).map((query) => ({ name, title, query })),
);

/**
 * What the exporters of others give, as far as a dashboard or rule uses it; ours and what rules record is read from
 * where it is made.
 */
const foreign = [
  "node_memory_MemAvailable_bytes",
  "node_memory_MemTotal_bytes",
  "node_filesystem_avail_bytes",
  "node_filesystem_size_bytes",
  "node_pressure_cpu_waiting_seconds_total",
  "node_load1",
  "container_memory_working_set_bytes",
  "container_cpu_usage_seconds_total",
  "traefik_entrypoint_requests_total",
  "traefik_service_requests_total",
  "traefik_entrypoint_request_duration_seconds_bucket",
];

/** Names of metrics that a query reads. */
function metricsOf(query: string): string[] {
  return (
    query
      .replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(by|on) \([^)]*\)/g, "")
      .match(/\b(?:(?:node|zone|cluster|service):[a-z_:]+|(?:swarm|node|container|traefik)_\w+)/g) ?? []
  );
}

describe("the dashboards", () => {
  it("are those of the cluster, a zone, the ingress and the autoscaler", () => {
    expect(names).to.have.members(["cluster", "zone", "ingress", "autoscaler"]);
  });

  it("ask what promtool can parse", async function () {
    this.timeout(300_000);
    const rules = queries.map(({ query }, index) => ({
      record: `panel:${index}:value`.replaceAll(/\d/g, (digit) => String.fromCharCode(97 + Number(digit))),
      expr: query.replaceAll("$zone", "az1"),
    }));
    const files = new RenderedFiles([]);
    files.write("panels.yml", stringify({ groups: [{ name: "panels", rules }] }));
    const checked = await runTool("promtool", ["check", "rules", "panels.yml"], { cwd: files.path });
    files.remove();
    expect(checked.status, checked.output).to.equal(0);
    expect(checked.output).to.include(`${queries.length} rules found`);
  });

  const made = [readFile("swarm-exporter.mjs"), ...ruleFiles.map(readFile)].join("\n");
  for (const name of names) {
    it(`${name} asks for what there is`, () => {
      for (const { title, query } of queries.filter((one) => one.name === name)) {
        const metrics = metricsOf(query);
        expect(metrics, title).not.to.deep.equal([]);
        // the autoscaler's own are tested with it
        const ours = metrics.filter((metric) => !metric.startsWith("swarm_autoscaler_") && !foreign.includes(metric));
        for (const metric of ours) expect(made, title).to.match(new RegExp(`(record: |metric\\(")${metric}\\b`));
      }
    });
  }

  it("become Grafana's, two panels in a row, each query with its legend", () => {
    const {
      uid,
      panels: [first, second, third],
      templating,
    } = JSON.parse(dashboardJson("zone", readFile("dashboards/zone.yml"))) as {
      uid: string;
      panels: { gridPos: unknown; targets: unknown[]; type: string }[];
      templating: { list: { name: string }[] };
    };
    expect(uid).to.equal("swarm-zone");
    expect([first, second, third].map((panel) => panel?.gridPos)).to.deep.equal([
      { x: 0, y: 0, w: 12, h: 8 },
      { x: 12, y: 0, w: 12, h: 8 },
      { x: 0, y: 8, w: 12, h: 8 },
    ]);
    expect(second?.targets).to.have.length(2);
    expect(templating.list.map(({ name }) => name)).to.deep.equal(["zone"]);
  });
});
