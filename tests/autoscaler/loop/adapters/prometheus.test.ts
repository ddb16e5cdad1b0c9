import { expect } from "chai";
import { figuresQuery } from "../../../../autoscaler/loop/figures";
import { Prometheus } from "../../../../autoscaler/loop/adapters/prometheus";
import { Alertmanager } from "../../../../autoscaler/loop/adapters/alertmanager";
import { figuresAnswer, WebServer } from "../../../support/web";

describe("Prometheus", () => {
  const servers: WebServer[] = [];
  const start = async (answer: ConstructorParameters<typeof WebServer>[0]): Promise<WebServer> => {
    const server = new WebServer(answer);
    servers.push(server);
    await server.start();
    return server;
  };
  after(() => {
    for (const server of servers) server.stop();
  });

  it("asks one question for all figures", async () => {
    const newest = Math.floor(Date.now() / 1000) * 1000;
    const server = await start(() => ({ body: figuresAnswer(0.8, 6, newest, "60s", ["az1", "az2"]) }));
    const figures = await Prometheus.at([`${server.address}/base/`]).read(60);
    expect(figures.cpu).to.deep.equal({ ratio: 0.8, nodes: 6, newestSampleAt: newest });
    expect(Object.keys(figures.zoneCpu)).to.deep.equal(["az1", "az2"]);
    expect(server.asked.map(({ url }) => [url.pathname, url.searchParams.get("query")])).to.deep.equal([
      ["/base/api/v1/query", figuresQuery],
    ]);
  });

  it("goes on to the next where one does not answer, answers with an error, has nothing, or nothing fresh", async () => {
    const now = Date.now();
    const bad = await Promise.all([
      start(() => ({ status: 503, body: "starting" })),
      start(() => ({ body: "<html>" })),
      start(() => ({ body: JSON.stringify({ status: "success", data: { resultType: "vector", result: [] } }) })),
      start(() => ({ body: figuresAnswer(0.1, 3, now - 300_000) })),
    ]);
    const good = await start(() => ({ body: figuresAnswer(0.7, 3, now) }));
    const urls = ["http://127.0.0.1:1", ...bad.map(({ address }) => address)];
    expect((await Prometheus.at([...urls, good.address]).read(60)).cpu?.ratio).to.equal(0.7);
    // the newest that there is, where none is fresh: how old it is the decision judges
    expect((await Prometheus.at(urls).read(60)).cpu).to.deep.equal({
      ratio: 0.1,
      nodes: 3,
      newestSampleAt: now - 300_000,
    });
  });

  const faults: readonly (readonly [string, string, RegExp])[] = [
    [
      "nobody listens",
      "http://127.0.0.1:1",
      /^Prometheus does not answer: GET http:\/\/127\.0\.0\.1:1\/api\/v1\/query: no answer \(.*ECONNREFUSED/,
    ],
    [
      "the name is not known",
      "http://nowhere.invalid:9090",
      /^Prometheus does not answer: GET http:\/\/nowhere\.invalid:9090\/api\/v1\/query: no answer/,
    ],
  ];
  for (const [what, url, said] of faults) {
    it(`has no figures and says why where ${what}`, async () => {
      const { cpu, fault } = await Prometheus.at([url]).read(60);
      expect(cpu).to.equal(undefined);
      expect(fault).to.match(said);
    });
  }

  it("waits for no answer longer than a few seconds", async () => {
    const server = await start(() => undefined);
    const begun = Date.now();
    const { fault } = await Prometheus.at([server.address]).read(60);
    expect(Date.now() - begun).to.be.within(3900, 8000);
    expect(fault).to.match(/not within 4 seconds/);
  });
});

describe("Alertmanager", () => {
  const now = Date.UTC(2026, 10, 24, 10);
  const event = {
    operation: "x@1",
    phase: "done" as const,
    kind: "scale-out" as const,
    from: 3,
    to: 5,
    why: "CPU of the cluster is 90 %.",
    nodes: ["az1-1", "az2-1"],
    seconds: 95,
    at: now,
  };

  it("is told by every one of them, and a failure keeps nobody", async () => {
    const servers = [
      new WebServer(() => ({ body: "" })),
      new WebServer(() => ({ status: 400, body: "bad label" })),
      new WebServer(() => ({ body: "" })),
    ];
    const urls = await Promise.all(servers.map(async (server) => server.start()));
    const said: string[] = [];
    const target = new Alertmanager(
      ["http://127.0.0.1:1", ...urls],
      () => "prod",
      { now: () => now },
      (line) => {
        said.push(line);
      },
    );
    await target.scaled(event);
    for (const server of servers) server.stop();
    expect(servers.map(({ asked }) => asked.map(({ method, url }) => `${method} ${url.pathname}`))).to.deep.equal([
      ["POST /api/v2/alerts"],
      ["POST /api/v2/alerts"],
      ["POST /api/v2/alerts"],
    ]);
    expect(JSON.parse(servers[2]?.asked[0]?.body ?? "")).to.deep.equal([
      {
        labels: {
          alertname: "ScaleEvent",
          severity: "info",
          cluster: "prod",
          direction: "out",
          operation: "x@1",
          phase: "done",
        },
        annotations: {
          summary: "3 → 5 workers",
          from: "3",
          to: "5",
          why: "CPU of the cluster is 90 %.",
          nodes: "az1-1, az2-1",
          took: "95 s",
        },
        startsAt: "2026-11-24T10:00:00.000Z",
        endsAt: "2026-11-24T10:05:00.000Z",
      },
    ]);
    expect(said).to.have.length(2);
    expect(said.join("\n"))
      .to.match(/ScaleEvent was not delivered; .*ECONNREFUSED/)
      .and.to.match(/400 Bad Request: bad label/);
  });

  it("is told at each tick that there are no figures, as one alert", async () => {
    const server = new WebServer(() => ({ body: "" }));
    const target = new Alertmanager(
      [await server.start()],
      () => "prod",
      { now: () => now },
      () => undefined,
    );
    await target.blind({
      since: now - 30_000,
      value: "the newest CPU sample is 90 s old",
      needs: "at most 60 s, or nothing is removed",
    });
    server.stop();
    const [alert] = JSON.parse(server.asked[0]?.body ?? "[]") as { labels: object; startsAt: string; endsAt: string }[];
    expect(alert?.labels).to.deep.equal({ alertname: "AutoscalerBlind", severity: "warning", cluster: "prod" });
    expect([alert?.startsAt, alert?.endsAt]).to.deep.equal(["2026-11-24T09:59:30.000Z", "2026-11-24T10:02:00.000Z"]);
  });
});
