import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { readFile, RenderedFiles, ruleFiles } from "../support/monitoring";
import { runTool } from "../support/tools";

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert?: string;
      readonly record?: string;
      readonly labels?: Record<string, string>;
      readonly annotations?: Record<string, string>;
    }[];
  }[];
}
interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
    readonly promql_expr_test?: readonly {
      readonly expr: string;
      readonly exp_samples: readonly { labels: string }[];
    }[];
  }[];
}

const testFiles = ruleFiles.map((file) => file.replace(/\.yml$/, ".test.yml"));
const rules = ruleFiles.flatMap((file) => (parse(readFile(file)) as Rules).groups.flatMap((group) => group.rules));
const alerts = rules.filter(({ alert }) => alert !== undefined);
const tests = testFiles.flatMap((file) => (parse(readFileSync(join(__dirname, file), "utf8")) as RuleTests).tests);

describe("the rules", function () {
  this.timeout(600_000);
  let files: RenderedFiles;
  before(() => {
    files = new RenderedFiles([...ruleFiles, "prometheus.yml"]);
    for (const file of testFiles) files.write(file.replace("rules/", ""), readFileSync(join(__dirname, file), "utf8"));
  });
  after(() => {
    files.remove();
  });

  it("are good to promtool, as is Prometheus' configuration", async () => {
    const checked = await runTool("promtool", ["check", "rules", ...ruleFiles], { cwd: files.path });
    expect(checked).to.deep.include({ status: 0 }, checked.output);
    const configuration = await runTool("promtool", ["check", "config", "--syntax-only", "prometheus.yml"], {
      cwd: files.path,
    });
    expect(configuration).to.deep.include({ status: 0 }, configuration.output);
  });

  it("do what their tests say", async () => {
    const tested = await runTool(
      "promtool",
      ["test", "rules", ...testFiles.map((file) => file.replace("rules/", ""))],
      { cwd: files.path },
    );
    expect(tested).to.deep.include({ status: 0 }, tested.output);
  });

  for (const { alert = "", annotations } of alerts) {
    it(`${alert} is seen to fire in a test, and links to its heading in the runbook`, () => {
      const fires = tests.some(({ alert_rule_test: ofAlerts = [] }) =>
        ofAlerts.some(({ alertname, exp_alerts: expected }) => alertname === alert && expected.length > 0),
      );
      expect(fires).to.equal(true);
      expect(annotations?.["summary"]).not.to.equal(undefined);
      expect(annotations?.["runbook_url"]).to.equal(`\${RUNBOOK_URL}#${alert.toLowerCase()}`);
      const headings = readFileSync(join(__dirname, "..", "..", "docs", "runbook.md"), "utf8")
        .split("\n")
        .filter((line) => /^#+ /.test(line));
      expect(headings.filter((line) => line.endsWith(` ${alert}`))).to.have.length(1);
    });
  }

  it("have a severity that somebody is told by", () => {
    expect([...new Set(alerts.map(({ labels }) => labels?.["severity"]))].sort()).to.deep.equal([
      "critical",
      "none",
      "warning",
    ]);
  });

  it("record nothing that no test or other rule reads", () => {
    const read =
      tests.flatMap(({ promql_expr_test: ofValues = [] }) => ofValues.map(({ expr }) => expr)).join("\n") +
      ruleFiles.map((file) => readFile(file)).join("\n");
    for (const { record } of rules)
      if (record !== undefined) expect(read.split(record).length, record).to.be.greaterThan(2);
  });

  it("of a heading in the runbook's list of alerts exist", () => {
    const [, section = ""] =
      /\n## Alerts\n([\s\S]*?)(?=\n## |$)/.exec(
        readFileSync(join(__dirname, "..", "..", "docs", "runbook.md"), "utf8"),
      ) ?? [];
    expect([...section.matchAll(/^### (.+)$/gm)].map(([, name]) => name)).to.have.members(
      alerts.map(({ alert }) => alert),
    );
  });
});
