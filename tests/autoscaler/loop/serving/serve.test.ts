import { createHash } from "node:crypto";
import type { Server } from "node:http";
import { expect } from "chai";
import { History } from "../../../../autoscaler/loop/history";
import type { Tick } from "../../../../autoscaler/loop/loop";
import { LoopMetrics } from "../../../../autoscaler/loop/serving/metrics";
import { serve } from "../../../../autoscaler/loop/serving/serve";
import { LoopWorld } from "../../../support/loop-world";

/** A loop that has scaled out and been refused, with what it is told by. */
async function busyLoop(): Promise<{ world: LoopWorld; metrics: LoopMetrics; history: History; last: Tick }> {
  const world = new LoopWorld();
  const [metrics, history] = [new LoopMetrics(), new History()];
  const loop = world.start("one");
  world.refusals.set("az1", "No valid host was found.");
  world.cpu = 0.9;
  const ticks = await loop.ticks(4);
  world.cpu = 0.4;
  ticks.push(...(await loop.ticks(2)));
  for (const tick of ticks) {
    metrics.note(tick);
    history.note(tick);
  }
  const last = ticks.at(-1);
  if (last === undefined) throw new Error("no tick");
  return { world, metrics, history, last };
}

describe("what an autoscaler serves", () => {
  let server: Server;
  let base = "";
  let ended = { at: 1_000_000, wellAt: 1_000_000 };
  let text = "";
  before(async () => {
    const { metrics, history, last } = await busyLoop();
    ({ server, address: base } = await serve(
      {
        cluster: () => "prod <alpha>",
        metrics,
        history,
        last: () => last,
        ended: () => ended,
        now: () => 1_000_000,
        intervalSeconds: 10,
      },
      "127.0.0.1:0",
    ));
    base = `http://${base}`;
    text = await (await fetch(`${base}/metrics`)).text();
  });
  after(() => {
    server.close();
  });

  const figures: readonly (readonly [string, number])[] = [
    ["active", 1],
    ["safe_to_autoscale", 1],
    ["metrics_usable", 1],
    ["cpu_utilisation_ratio", 0.4],
    [`cpu_threshold_ratio{direction="out"}`, 0.75],
    [`cpu_threshold_ratio{direction="in"}`, 0.45],
    [`nodes{zone="az2",state="ready"}`, 2],
    [`nodes{zone="az1",state="in_flight"}`, 0],
    ["min_nodes", 3],
    ["max_nodes", 9],
    ["target_nodes", 4],
    [`pending_tasks{cause="insufficient-resources"}`, 0],
    ["at_max", 0],
    [`zone_backoff{zone="az1",reason="failed"}`, 1],
    [`decisions_total{verdict="scale-out"}`, 2],
    [`decisions_total{verdict="blocked"}`, 0],
    [`scaled_out_nodes_total{reason="cpu-out"}`, 2],
    [`scaled_in_nodes_total{reason="did-not-join"}`, 1],
    [`failed_scale_outs_total{reason="no-valid-host"}`, 1],
    [`failed_scale_outs_total{reason="join-deadline"}`, 0],
    [`errors_total{type="loop"}`, 0],
    ["node_join_seconds_count", 1],
  ];
  for (const [name, value] of figures) {
    it(`counts ${name}`, () => {
      const line = text.split("\n").find((one) => one.startsWith(`swarm_autoscaler_${name} `));
      expect(Number(line?.split(" ").at(-1))).to.equal(value);
    });
  }

  it("says when each part of a tick last ended, and how long it took", () => {
    for (const name of ["observe", "decide", "act", "loop"]) {
      expect(text).to.match(
        new RegExp(`^swarm_autoscaler_last_activity_timestamp_seconds\\{activity="${name}"\\} 17\\d{8}`, "m"),
      );
      expect(text).to.include(`swarm_autoscaler_function_duration_seconds_count{function="${name}"} 6\n`);
    }
  });

  it("is healthy until no loop has ended for ten minutes, or none well for fifteen", async () => {
    const healthOf = async (ago: number, wellAgo: number): Promise<unknown[]> => {
      ended = { at: 1_000_000 - ago * 1000, wellAt: 1_000_000 - wellAgo * 1000 };
      const answer = await fetch(`${base}/healthz`);
      return [answer.status, await answer.json()];
    };
    const body = { lastLoopSecondsAgo: 600, lastGoodLoopSecondsAgo: 900, verdict: "hold", active: true };
    expect(await healthOf(600, 900)).to.deep.equal([200, { status: "ok", ...body }]);
    expect(await healthOf(601, 900)).to.deep.equal([503, { status: "stuck", ...body, lastLoopSecondsAgo: 601 }]);
    expect(await healthOf(600, 901)).to.deep.equal([503, { status: "stuck", ...body, lastGoodLoopSecondsAgo: 901 }]);
  });

  it("shows a page without a script or anything from elsewhere, whose policy admits its styles and nothing else", async () => {
    const answer = await fetch(`${base}/?x=1`);
    const html = await answer.text();
    const policy = answer.headers.get("Content-Security-Policy") ?? "";
    expect(html).not.to.match(/<script|<link|<img|@import|url\(|\son\w+=|\sstyle=/);
    expect(html).to.include("prod &#60;alpha&#62;").and.to.not.include("prod <alpha>");
    const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)];
    expect(styles).to.have.length(2);
    for (const [, style = ""] of styles)
      expect(policy).to.include(`'sha256-${createHash("sha256").update(style).digest("base64")}'`);
    expect(policy).to.match(
      /^default-src 'none'; style-src 'sha256-\S+ 'sha256-\S+; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    for (const shown of [
      "Workers by zone",
      "az2-1",
      "Last decisions",
      "No valid host was found",
      "prefers-color-scheme: dark",
      "scale out above 75 %",
      "cooldown-out",
    ])
      expect(html, shown).to.include(shown);
  });

  it("answers nothing else", async () => {
    expect((await fetch(`${base}/etc/passwd`)).status).to.equal(404);
    expect((await fetch(base, { method: "POST" })).status).to.equal(405);
  });

  it("says where it cannot listen", async () => {
    const { metrics, history } = await busyLoop();
    const taken = base.replace("http://", "");
    const refused = await serve(
      {
        cluster: () => "x",
        metrics,
        history,
        last: () => undefined,
        ended: () => ({ at: 0, wellAt: 0 }),
        now: () => 0,
        intervalSeconds: 10,
      },
      taken,
    ).then(
      () => "listens",
      (error: unknown) => (error as Error).message,
    );
    expect(refused).to.equal(`--listen: "${taken}" cannot be listened on; use another address:port.`);
  });
});
