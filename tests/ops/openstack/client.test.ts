import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { stringify } from "yaml";
import { z } from "zod";
import { messageOf } from "../../../ops/errors";
import { OpenStack } from "../../../ops/openstack/client";

/**
 * A cloud whose answers to each request are given, the last one for ever; a login's is a token where nothing else is
 * said.
 */
class Cloud {
  readonly asked: string[] = [];
  answers: Record<
    string,
    { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }[]
  > = {};
  /** What logins said of who they are. */
  readonly logins: unknown[] = [];
  private base = "";
  private readonly server: Server;

  /** @param tls its key and certificate; plain HTTP without. */
  constructor(private readonly tls?: { readonly key: Buffer; readonly cert: Buffer }) {
    this.server = tls === undefined ? createServer(this.listener) : createSecureServer(tls, this.listener);
  }

  private readonly listener: RequestListener = (request, response) => {
    const what = `${request.method ?? ""} ${request.url ?? ""}`;
    this.asked.push(what);
    const rest = this.answers[what];
    const answer = (rest === undefined || rest.length < 2 ? rest?.[0] : rest.shift()) ?? this.login(what);
    let body = "";
    request.on("data", (part: Buffer) => {
      body += part.toString();
    });
    request.on("end", () => {
      if (what === "POST /v3/auth/tokens")
        this.logins.push(
          (JSON.parse(body) as { auth: { identity: { password?: { user: unknown } } } }).auth.identity.password?.user,
        );
      response.writeHead(answer.status, answer.headers ?? {});
      response.end(JSON.stringify(answer.body ?? {}));
    });
  };

  private login(what: string): {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: unknown;
  } {
    if (what !== "POST /v3/auth/tokens") return { status: 404, headers: {}, body: {} };
    const endpoints = [{ interface: "public", region: null, url: `${this.base}/compute` }];
    return {
      status: 201,
      headers: { "X-Subject-Token": "token" },
      body: { token: { project: { id: "project" }, catalog: [{ type: "compute", endpoints }] } },
    };
  }

  /** @returns the environment in which it is the cloud. */
  async start(
    entry: Record<string, unknown> = {},
    auth: Record<string, unknown> = { username: "u" },
  ): Promise<Record<string, string>> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, "127.0.0.1", resolve);
    });
    this.base = `${this.tls === undefined ? "http" : "https"}://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const path = join(mkdtempSync(join(tmpdir(), "cloud-")), "clouds.yaml");
    writeFileSync(
      path,
      stringify({
        clouds: {
          here: { ...entry, auth: { auth_url: this.base, password: "secret-word", project_name: "p", ...auth } },
        },
      }),
    );
    return { OS_CLOUD: "here", OS_CLIENT_CONFIG_FILE: path };
  }

  stop(): void {
    this.server.close();
  }
}

const busy = { status: 429, headers: { "Retry-After": "0" } };
const failing = { status: 503 };
const fine = { status: 200, body: { ok: true } };
const schema = z.object({ ok: z.boolean() });

describe("a session with OpenStack", function () {
  this.timeout(30_000);
  let cloud: Cloud;
  let environment: Record<string, string>;
  beforeEach(async () => {
    cloud = new Cloud();
    environment = await cloud.start();
  });
  afterEach(() => {
    cloud.stop();
  });
  const words = async (promise: Promise<unknown>): Promise<string> => promise.then(() => "done", messageOf);

  it("logs in again where Keystone cannot serve, and not where it refuses", async () => {
    const login = "POST /v3/auth/tokens";
    cloud.answers[login] = [failing];
    setTimeout(() => {
      Reflect.deleteProperty(cloud.answers, login);
    }, 500);
    expect(await words(OpenStack.open(environment))).to.equal("done");
    expect(cloud.asked).to.deep.equal([login, login]);
    cloud.answers[login] = [{ status: 401 }];
    expect(await words(OpenStack.open(environment))).to.match(/^POST http:\S+\/v3\/auth\/tokens: 401 Unauthorized$/);
    expect(cloud.asked).to.have.length(3);
  });

  it("asks again what was asked too often, a change as well, and a read that could not be served", async () => {
    const session = await OpenStack.open(environment);
    cloud.answers = { "GET /compute/servers": [failing, busy, fine], "POST /compute/servers": [busy, fine] };
    expect(await session.request("compute", "/servers", schema)).to.deep.equal({ ok: true });
    expect(await session.request("compute", "/servers", schema, {})).to.deep.equal({ ok: true });
  });

  it("does not repeat a change that may have been made, nor go on for ever", async () => {
    const session = await OpenStack.open(environment);
    cloud.answers = { "POST /compute/servers": [failing], "DELETE /compute/servers/x": [busy] };
    cloud.asked.length = 0;
    expect(await words(session.request("compute", "/servers", schema, {}))).to.match(
      /^POST \S+: 503 Service Unavailable$/,
    );
    expect(await words(session.delete("compute", "/servers/x"))).to.match(/^DELETE \S+: 429 Too Many Requests$/);
    expect(cloud.asked).to.have.length(1 + 4);
  });

  it("says where it looked for a cloud, and shows nothing of what is written there", async () => {
    expect(await words(OpenStack.open({}))).to.equal("OS_CLOUD: not set; name a cloud of clouds.yaml.");
    expect(await words(OpenStack.open({ OS_CLOUD: "here", OS_CLIENT_CONFIG_FILE: "/nowhere/clouds.yaml" }))).to.equal(
      "clouds.yaml: not found at /nowhere/clouds.yaml; write it, or name it in OS_CLIENT_CONFIG_FILE.",
    );
    expect(await words(OpenStack.open({ OS_CLOUD: "here" }))).to.match(
      /^clouds.yaml: not found at \S+\/clouds.yaml, \S+\/.config\/openstack\/clouds.yaml, \/etc\/openstack\/clouds.yaml;/,
    );
    expect(await words(OpenStack.open({ ...environment, OS_CLOUD: "there" }))).to.match(
      /clouds.yaml: cloud "there" is not usable:/,
    );
    const path = environment["OS_CLIENT_CONFIG_FILE"] ?? "";
    writeFileSync(path, "clouds: {here: {auth: {password: secret-word");
    expect(await words(OpenStack.open(environment))).to.equal(`${path}: it is no YAML.`);
  });
});

describe("a session with an OpenStack whose certificate is signed by its own authority", () => {
  const folder = mkdtempSync(join(tmpdir(), "cloud-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const clouds: Cloud[] = [];
  before(() => {
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=cloud",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        key,
        "-out",
        cert,
      ],
      { stdio: "ignore" },
    );
  });
  after(() => {
    for (const cloud of clouds) cloud.stop();
  });
  const open = async (
    entry: Record<string, unknown>,
    environment: Record<string, string> = {},
    auth?: Record<string, unknown>,
  ): Promise<string> => {
    const cloud = new Cloud({ key: readFileSync(key), cert: readFileSync(cert) });
    clouds.push(cloud);
    return OpenStack.open({ ...(await cloud.start(entry, auth)), ...environment }).then(
      () => JSON.stringify(cloud.logins),
      messageOf,
    );
  };

  it("is open where clouds.yaml or OS_CACERT names that one, or says to look at none", async () => {
    expect(await open({ cacert: cert })).to.equal(
      `[{"name":"u","domain":{"name":"Default"},"password":"secret-word"}]`,
    );
    expect(await open({}, { OS_CACERT: cert })).to.match(/^\[/);
    expect(await open({ verify: false })).to.match(/^\[/);
  });

  it("is refused otherwise", async function () {
    this.timeout(30_000);
    expect(await open({})).to.match(/^POST https:\S+\/v3\/auth\/tokens: no answer \(.+\)$/);
    expect(await open({ cacert: "/nowhere.pem" })).to.match(
      /^\/nowhere.pem: the cloud's certificates \(cacert, OS_CACERT\) cannot be read/,
    );
  });

  it("takes users and domains by their ids, too", async () => {
    expect(await open({ cacert: cert }, {}, { user_id: "4711" })).to.equal(`[{"id":"4711","password":"secret-word"}]`);
    expect(await open({ cacert: cert }, {}, { username: "u", user_domain_id: "d" })).to.equal(
      `[{"name":"u","domain":{"id":"d"},"password":"secret-word"}]`,
    );
  });
});
