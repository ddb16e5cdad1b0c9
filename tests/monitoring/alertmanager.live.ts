import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { everything, RenderedFiles } from "../support/monitoring";
import { HookRecorder } from "../support/slack";
import { Background, freePort, goTool, runTool } from "../support/tools";
import { until } from "../support/until";

interface Alert {
  readonly labels: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly endsAt?: string;
}

/** How long the second Alertmanager gives the first to tell that it has sent a message; 15 in production. */
const peerSeconds = 3;

/**
 * The waits of the routes are minutes in production; here they are short, all else is as deployed. As there, a group is
 * told of at longer intervals than the second Alertmanager waits: it would take what has ended meanwhile for news.
 */
function hurried(text: string): string {
  return text
    .replaceAll("group_wait: 10s", "group_wait: 1s")
    .replaceAll("group_interval: 1m", `group_interval: ${peerSeconds + 2}s`);
}

describe("Alertmanager with the stack's configuration", function () {
  this.timeout(1_200_000);
  let files: RenderedFiles | undefined;
  let recorder: HookRecorder | undefined;
  let running: Background[] = [];
  let urls: string[] = [];

  before(async () => {
    const [program, amtool] = [await goTool("alertmanager"), await goTool("amtool")];
    files = new RenderedFiles(["alertmanager.yml", "slack.tmpl"], everything);
    const checked = await runTool(amtool, ["check-config", "alertmanager.yml"], { cwd: files.path });
    // its templates lie elsewhere in the container
    expect(checked).to.deep.include({ status: 0 }, checked.output);
    recorder = new HookRecorder();
    const hook = await recorder.start();
    const { path } = files;
    const text = readFileSync(`${path}/alertmanager.yml`, "utf8")
      .replaceAll("/run/secrets/", `${path}/`)
      .replaceAll("/etc/alertmanager/", `${path}/`);
    files.write("alertmanager.yml", hurried(text));
    files.write("slack-webhook", `${hook}/slack`);
    files.write("dead-mans-switch", `${hook}/alive`);
    const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    urls = [0, 1].map((index) => `http://127.0.0.1:${ports[index] ?? 0}`);
    running = [0, 1].map(
      (index) =>
        new Background(program, [
          `--config.file=${path}/alertmanager.yml`,
          `--storage.path=${path}/data-${index}`,
          `--web.listen-address=127.0.0.1:${ports[index] ?? 0}`,
          `--cluster.listen-address=127.0.0.1:${ports[2 + index] ?? 0}`,
          `--cluster.advertise-address=127.0.0.1:${ports[2 + index] ?? 0}`,
          ...[2, 3].map((peer) => `--cluster.peer=127.0.0.1:${ports[peer] ?? 0}`),
          `--cluster.peer-timeout=${peerSeconds}s`,
          "--cluster.gossip-interval=50ms",
          "--cluster.settle-timeout=5s",
        ]),
    );
    await until(
      "two Alertmanagers that know each other",
      async () => (await Promise.all(urls.map(peers))).every((count) => count === 2),
      { seconds: 60, told: () => `: ${running.map(({ output }) => output).join("\n")}` },
    );
  });

  after(async () => {
    await Promise.all(running.map((one) => one.stop()));
    recorder?.stop();
    files?.remove();
  });

  async function peers(url: string): Promise<number> {
    try {
      const { cluster } = (await (await fetch(`${url}/api/v2/status`)).json()) as {
        cluster: { status: string; peers?: unknown[] };
      };
      return cluster.status === "ready" ? (cluster.peers?.length ?? 0) : 0;
    } catch {
      return 0;
    }
  }

  /** As Prometheus and the autoscaler do: to each of them. */
  async function post(...alerts: Alert[]): Promise<void> {
    const complete = alerts.map((alert) => ({ ...alert, labels: { cluster: "test", ...alert.labels } }));
    for (const url of urls) {
      const answer = await fetch(`${url}/api/v2/alerts`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(complete),
      });
      expect(answer.status, await answer.text()).to.equal(200);
    }
  }

  const said = (word: string): readonly { title: string; text: string; color: string }[] =>
    (recorder?.slack("/slack") ?? []).filter(({ title, text }) => `${title} ${text}`.includes(word));

  it("tells of an alert once, by cluster and zone, with value, threshold and runbook; and when it is over", async () => {
    const alert = (node: string, endsAt?: string): Alert => ({
      labels: { alertname: "NodeDiskFilling", severity: "warning", node, zone: "az2" },
      ...(endsAt === undefined ? {} : { endsAt }),
      annotations: {
        summary: `The disk of ${node} fills`,
        value: "85% used",
        threshold: "80%",
        runbook_url: "https://wiki.example/runbook#nodediskfilling",
      },
    });
    await post(alert("w1"), alert("w2"));
    await until("a message", () => said("NodeDiskFilling").length > 0);
    const text = ["w1", "w2"]
      .map(
        (node) => `*The disk of ${node} fills*\n85% used, threshold 80%\nhttps://wiki.example/runbook#nodediskfilling`,
      )
      .join("\n");
    const [first] = said("NodeDiskFilling");
    expect(first).to.deep.include({ title: "warning: NodeDiskFilling · test · az2", color: "warning" });
    expect(first?.text.trim()).to.equal(text);

    const now = new Date().toISOString();
    await post(alert("w1", now), alert("w2", now));
    await until("the end", () => said("resolved").length > 0);
    expect(said("resolved")[0]).to.deep.include({ title: "resolved: NodeDiskFilling · test · az2", color: "good" });
    expect(said("resolved")[0]?.text.trim()).to.equal("resolved: The disk of w1 fills\nresolved: The disk of w2 fills");
  });

  it("tells of each step of a scale event once, quietly, with why and how long", async () => {
    const event = (phase: string, more: Record<string, string> = {}): Alert => ({
      labels: { alertname: "ScaleEvent", severity: "info", direction: "out", operation: "7", phase },
      annotations: {
        summary: "3 → 4 workers",
        from: "3",
        to: "4",
        why: "CPU of the cluster is 81 % over 60 s",
        nodes: "az1-3",
        ...more,
      },
      endsAt: new Date(Date.now() + 300_000).toISOString(),
    });
    await post(event("started"));
    await post(event("done", { took: "95 s" }));
    await until("both steps", () => said("3 → 4").length === 2);
    const messages = said("3 → 4");
    expect(messages.map(({ title }) => title)).to.have.members([
      "scale out started · test: 3 → 4 workers",
      "scale out done · test: 3 → 4 workers",
    ]);
    expect(messages.map(({ text }) => text.trim())).to.have.members([
      "CPU of the cluster is 81 % over 60 s\nnodes: az1-3",
      "CPU of the cluster is 81 % over 60 s\nnodes: az1-3\ntook 95 s",
    ]);
    expect(messages.map(({ color }) => color)).to.deep.equal(["#808080", "#808080"]);
  });

  it("does not miss a node that is taken away, and names a lost zone instead of its nodes", async () => {
    const down = (node: string, zone: string): Alert => ({
      labels: { alertname: "SwarmNodeDown", severity: "warning", node, zone },
      annotations: { summary: `${node} is down` },
    });
    await post({ labels: { alertname: "SwarmNodeLeaving", severity: "none", node: "planned", zone: "az1" } });
    await post({
      labels: { alertname: "SwarmZoneLost", severity: "critical", zone: "az3" },
      annotations: { summary: "No node of zone az3 is ready" },
    });
    await post(down("planned", "az1"), down("with-its-zone", "az3"), down("unexpected", "az1"));
    await until("what nobody planned", () => said("unexpected").length > 0 && said("SwarmZoneLost").length > 0);
    expect(said("SwarmZoneLost")[0]).to.deep.include({
      title: "critical: SwarmZoneLost · test · az3",
      color: "danger",
    });
  });

  it("takes the loop's own word that it is blind and the rule's for one", async () => {
    for (const value of ["by the rule", "by the loop"]) {
      await post({
        labels: { alertname: "AutoscalerBlind", severity: "warning" },
        annotations: { summary: "The autoscaler has no figures of CPU", description: value },
      });
    }
    await until("a message", () => said("AutoscalerBlind").length > 0);
  });

  it("calls the dead man's switch", async () => {
    await post({ labels: { alertname: "Watchdog", severity: "none" } });
    await until("a call", () => (recorder?.received ?? []).some(({ path }) => path === "/alive"));
  });

  it("has said all this, nothing twice and nothing else", async () => {
    await sleep((2 * peerSeconds + 2) * 1000);
    expect(recorder?.slack("/slack").map(({ title }) => title)).to.have.members([
      "warning: NodeDiskFilling · test · az2",
      "resolved: NodeDiskFilling · test · az2",
      "scale out started · test: 3 → 4 workers",
      "scale out done · test: 3 → 4 workers",
      "critical: SwarmZoneLost · test · az3",
      "warning: SwarmNodeDown · test · az1",
      "warning: AutoscalerBlind · test",
    ]);
    expect(said("with-its-zone")).to.deep.equal([]);
    expect(said("planned")).to.deep.equal([]);
  });

  it("is good to amtool without any hook, and with one of them", async () => {
    const amtool = await goTool("amtool");
    for (const hooks of [[], ["slackWebhook"], ["deadMansSwitchUrl"]] as const) {
      const rendered = new RenderedFiles(["alertmanager.yml", "slack.tmpl"], { ...everything, hooks });
      const checked = await runTool(amtool, ["check-config", "alertmanager.yml"], { cwd: rendered.path });
      rendered.remove();
      expect(checked.status, checked.output).to.equal(0);
    }
  });
});
