import { expect } from "chai";
import { parse } from "yaml";
import { givenUp, lateness, unreported } from "../../../ops/swarm/stack-rollout";
import type { SwarmService, SwarmTask } from "../../../ops/swarm/services";
import { access, first, nodeWithEngine, second, useVerbs, type VerbResult } from "../../support/verbs";

describe("deploy-stack", function () {
  this.timeout(180_000);
  const { fake, run, changes } = useVerbs();

  it("deploys a stack, and asks another manager for it where the first goes meanwhile", async () => {
    const service = (running: number): object => ({
      ID: "x",
      Version: { Index: 1 },
      Spec: { Name: "x_x" },
      ServiceStatus: { RunningTasks: running, DesiredTasks: 1 },
    });
    fake.services = [service(0)];
    fake.servicesAsked = () => {
      fake.services = [service(1)];
      fake.servicesAsked = undefined;
      fake.disconnect();
    };
    const { code, stderr } = await run("deploy-stack", { name: "x", deadlineSeconds: 30 }, { stdin: "services: {}\n" });
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(changes()).to.deep.equal([
      "command: docker stack deploy --detach=true --prune --resolve-image=never --compose-file - x <services: {}\n>",
    ]);
  });

  describe("of a text that has been deployed", () => {
    const compose = (one: string, two = "two:2"): string =>
      `services:\n  one:\n    image: ${one}\n  two:\n    image: ${two}\n`;
    /** What `docker stack deploy` was given. */
    const given = (): string =>
      changes()
        .flatMap((change) => /--resolve-image=never --compose-file - x <([^]*)>$/.exec(change)?.slice(1) ?? [])
        .join("\n");
    /** The services of the stack as the last deploy made them, from what it was given. */
    const settle = (): void => {
      const { services } = parse(given()) as {
        services: Record<string, { image: string; deploy: { labels: Record<string, string> } }>;
      };
      fake.services = Object.entries(services).map(([name, { image, deploy }]) => ({
        ID: name,
        Version: { Index: 1 },
        Spec: { Name: `x_${name}`, Labels: deploy.labels, Mode: {}, TaskTemplate: { ContainerSpec: { Image: image } } },
        ServiceStatus: { RunningTasks: 1, DesiredTasks: 1 },
      }));
      fake.changes.length = 0;
      fake.digestsAsked.length = 0;
    };
    const deploy = async (stdin: string, deadlineSeconds = 90): Promise<VerbResult> =>
      run("deploy-stack", { name: "x", deadlineSeconds }, { stdin });
    beforeEach(async () => {
      for (const [reference, digest] of [
        ["one:1", "sha256:11"],
        ["two:2", "sha256:22"],
      ] as const)
        fake.digests.set(reference, digest);
      fake.services = [
        {
          ID: "z",
          Version: { Index: 1 },
          Spec: { Name: "x_zero", Mode: {}, TaskTemplate: {} },
          ServiceStatus: { RunningTasks: 1, DesiredTasks: 1 },
        },
      ];
      expect(await deploy(compose("one:1"))).to.deep.equal({ code: 0, stdout: "", stderr: "" });
      expect(fake.digestsAsked.sort()).to.deep.equal(["one:1", "two:2"]);
      expect(given()).to.include("image: one:1@sha256:11\n").and.to.include("image: two:2@sha256:22\n");
      settle();
      // from now on no registry answers, unless a test lets one
      fake.digests.clear();
    });

    it("changes nothing where the text is the same, whatever the deadline", async () => {
      for (const deadlineSeconds of [90, 100])
        expect((await deploy(compose("one:1"), deadlineSeconds)).code).to.equal(0);
      expect([fake.changes, fake.digestsAsked]).to.deep.equal([[], []]);
    });

    it("deploys it again where a service is missing, with the digests of those that are there", async () => {
      fake.services = fake.services.slice(0, 1);
      fake.digests.set("two:2", "sha256:new").set("one:1", "sha256:moved");
      expect((await deploy(compose("one:1"))).code).to.equal(0);
      expect(given()).to.include("image: one:1@sha256:11\n").and.to.include("image: two:2@sha256:new\n");
    });

    it("asks the registry for a new reference alone", async () => {
      fake.digests.set("two:3", "sha256:33");
      expect((await deploy(compose("one:1", "two:3"))).code).to.equal(0);
      expect(fake.digestsAsked).to.deep.equal(["two:3"]);
      expect(given()).to.include("image: one:1@sha256:11\n").and.to.include("image: two:3@sha256:33\n");
    });

    it("deploys nothing where the registry does not know a new reference", async () => {
      const { code, stderr } = await deploy(compose("one:1", "two:3"));
      expect([code, fake.changes]).to.deep.equal([1, []]);
      expect(stderr).to.match(
        /^stack x: image "two:3" cannot be resolved: .*manifest unknown: two:3.* Nothing is deployed; correct the reference, or try again when the managers reach its registry\.\n$/,
      );
    });

    it("deploys no Traefik that the managers' engines do not answer", async () => {
      fake.nodes = [nodeWithEngine(second, "29.8.0")];
      const { code, stderr } = await deploy(compose("one:1", "traefik:v2.9"));
      expect([code, stderr, fake.changes, fake.digestsAsked]).to.deep.equal([
        1,
        `stack x: nothing is deployed. traefik:v2.9: Docker 29 (${second} with 29.8.0) refuses its API version, so it routes nothing; set images.traefik to 2.11.31, or 3.6.1 or later.\n`,
        [],
        [],
      ]);
    });

    it("tries a rollout again that the swarm gave up", async () => {
      fake.services = fake.services.map((service) => ({
        ...(service as object),
        UpdateStatus: { State: "paused", Message: "why" },
      }));
      expect((await deploy(compose("one:1"))).code, "since the fake one stays paused").to.equal(1);
      expect(given()).to.include("image: one:1@sha256:11\n");
    });
  });

  it("says at once that a stack's new version does not run, and why", async () => {
    fake.services = [
      {
        ID: "x",
        Version: { Index: 1 },
        Spec: { Name: "x_x" },
        ServiceStatus: { RunningTasks: 1, DesiredTasks: 1 },
        UpdateStatus: { State: "rollback_completed" },
      },
    ];
    fake.tasks = [
      {
        ID: "t",
        ServiceID: "x",
        NodeID: "n",
        DesiredState: "shutdown",
        Status: { State: "rejected", Err: "No such image: x:2" },
        Spec: { ContainerSpec: { Image: "x:2" } },
      },
    ];
    const { code, stderr } = await run(
      "deploy-stack",
      { name: "x", deadlineSeconds: 600 },
      { stdin: "services: {}\n" },
    );
    expect(code).to.equal(1);
    expect(stderr).to.equal(
      "stack x: it does not run. (x_x: its new version does not run, and the one before is back)\n  x:2 on n: rejected No such image: x:2\n",
    );
  });

  it("says why a stack does not run, and what of it", async () => {
    fake.services = [
      { ID: "x", Version: { Index: 1 }, Spec: { Name: "x_x" }, ServiceStatus: { RunningTasks: 0, DesiredTasks: 1 } },
    ];
    const { code, stderr } = await run("deploy-stack", { name: "x", deadlineSeconds: 1 }, { stdin: "services: {}\n" });
    expect(code).to.equal(1);
    expect(stderr.split("\n")[0]).to.equal(
      "stack x: it does not run. (stack x to run: not within 1 seconds; last seen: x_x: 0 of 1 tasks run.)",
    );
  });

  it("says what each manager answered where a route of a stack that runs does not, and what its ingress tells", async () => {
    fake.services = [];
    const { code, stderr } = await run(
      "deploy-stack",
      { name: "x", deadlineSeconds: 1, route: "/y" },
      { stdin: "services: {}\n" },
    );
    expect(code).to.equal(1);
    const answers = access.managers.map(({ name }) => `${name}: `).join(", ");
    expect(stderr.split("\n").slice(0, 2)).to.deep.equal([
      `stack x: /y does not answer. (/y to answer on every manager: not within 1 seconds; last seen: ${answers}.)`,
      `Traefik and its proxy on ${first}:`,
    ]);
  });
});

describe("a rollout", () => {
  it("takes a task for unreported that has been starting for minutes", () => {
    const task = (ID: string, State: string, seconds: number, DesiredState = "running"): SwarmTask => ({
      ID,
      ServiceID: "x",
      DesiredState,
      Status: { State, Timestamp: new Date(Date.UTC(2026) - seconds * 1000).toISOString() },
      Spec: {},
    });
    const tasks = [
      task("late", "starting", 200),
      task("young", "starting", 100),
      task("pulls", "preparing", 900),
      task("goes", "starting", 900, "shutdown"),
      task("runs", "running", 900),
      { ...task("checked", "starting", 400), Spec: { ContainerSpec: { Healthcheck: { StartPeriod: 300e9 } } } },
    ];
    expect(unreported(tasks, Date.UTC(2026), 180).map(({ ID }) => ID)).to.deep.equal(["late"]);
  });

  it("waits for a rollout to begin and to end, and not for one that the swarm gave up", () => {
    const service = (State: string | undefined, running: number, more: Partial<SwarmService> = {}): SwarmService => ({
      ID: "x",
      Version: { Index: 1 },
      Spec: { Name: "x_x", Mode: {}, TaskTemplate: {} },
      ServiceStatus: { RunningTasks: running, DesiredTasks: 2 },
      ...(State === undefined ? {} : { UpdateStatus: { State, Message: "why" } }),
      ...more,
    });
    const judge = (one: SwarmService, seconds = 60): string => givenUp(one) ?? lateness(one, seconds) ?? "runs";
    expect(judge(service(undefined, 1))).to.equal("x_x: 1 of 2 tasks run");
    expect(judge(service(undefined, 2), 0), "a new service").to.equal("runs");
    expect(judge(service(undefined, 2, { PreviousSpec: {} }), 4), "just deployed").to.equal(
      "x_x: its rollout may not have begun yet",
    );
    expect(judge(service(undefined, 2, { PreviousSpec: {} }), 5), "with nothing to roll out").to.equal("runs");
    expect(judge(service("updating", 2))).to.equal("x_x: rollout updating why");
    expect(judge(service("completed", 2, { PreviousSpec: {} }), 4)).to.equal("runs");
    expect(judge(service("completed", 1))).to.equal("x_x: 1 of 2 tasks run");
    expect(judge(service("rollback_started", 2))).to.equal("x_x: rollout rollback_started why");
    expect(judge(service("rollback_completed", 2))).to.equal(
      "x_x: its new version does not run, and the one before is back",
    );
    for (const State of ["paused", "rollback_paused"])
      expect(judge(service(State, 2))).to.equal("x_x: its rollout has stopped: why");
  });
});
