import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { imageTag } from "../../ops/update/program";
import { lastTypes, runProgram, secretMark, type Run, type Secret } from "../support/program";
import { goodConfiguration, serviceSecrets } from "../support/settings";

describe("the program with the autoscaler's service", () => {
  const backendUrl = "s3://states?endpoint=objects.example:8080&disableSSL=true&s3ForcePathStyle=true&region=RegionOne";
  const wanted = {
    ...goodConfiguration,
    autoscale: {},
    monitoring: {},
    registryPrefix: "registry.example:5000",
    autoscalerService: { backendUrl },
  };
  let run: Run;
  before(async () => {
    run = await runProgram({ ...wanted, ...serviceSecrets });
  });
  interface Compose {
    services: {
      autoscaler: {
        image: string;
        command: string[];
        environment: Record<string, string>;
        configs: { target: string }[];
        secrets: { source: string; mode: number }[];
      };
    };
    configs: Record<"cluster" | "authorities", { content: string }>;
    secrets: Record<string, { environment: string }>;
  }
  const compose = (): Compose => parse(String(run.recorder.named("test-autoscaler-deploy").inputs["stdin"])) as Compose;

  it("deploys the image that holds this very program, for this very stack and state", () => {
    const {
      services: { autoscaler },
      configs,
    } = compose();
    expect(autoscaler.image).to.equal(
      `registry.example:5000/swarm/autoscaler:${imageTag(join(__dirname, "..", ".."))}`,
    );
    expect(autoscaler.command).to.include("--stack=test");
    expect(autoscaler.environment).to.deep.include({
      PULUMI_BACKEND_URL: backendUrl,
      OS_CLOUD: "autoscaler",
      SWARM_LEASE: "true",
      SWARM_INSIDE: "true",
    });
    expect(autoscaler.configs.map(({ target }) => target)).to.deep.equal([
      "/app/Pulumi.test.yaml",
      "/etc/ssl/site/authorities.pem",
    ]);
    expect(parse(configs.cluster.content)).to.deep.equal({ config: { "swarm:clusterName": "test" } });
  });

  it("has all that it is made of trust the site's own authority beside the usual ones", async () => {
    const {
      services: { autoscaler },
      configs,
    } = compose();
    expect(autoscaler.environment)
      .to.deep.include({ NODE_EXTRA_CA_CERTS: "/etc/ssl/site/authorities.pem", SSL_CERT_DIR: "/etc/ssl/site" })
      .and.not.have.property("SSL_CERT_FILE");
    expect(configs.authorities.content).to.equal("# none\n");
    const caCertificates = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    const { recorder } = await runProgram({
      ...wanted,
      autoscalerService: { backendUrl, caCertificates },
      ...serviceSecrets,
    });
    expect(
      (parse(String(recorder.named("test-autoscaler-deploy").inputs["stdin"])) as Compose).configs.authorities.content,
    ).to.equal(caCertificates);
  });

  it("hands it its secrets as secrets, and names none of them in clear anywhere", () => {
    const {
      services: { autoscaler },
      secrets,
    } = compose();
    const { environment, ...plain } = run.recorder.named("test-autoscaler-deploy").inputs;
    expect(environment).to.have.property(secretMark);
    const handed = Object.fromEntries(
      Object.entries(secrets).map(([name, { environment: variable }]) => [
        name,
        (environment as Secret).value[variable],
      ]),
    );
    expect(handed).to.deep.equal({
      cloud: serviceSecrets.autoscalerCloud,
      "state-key": serviceSecrets.autoscalerStateKey,
      passphrase: serviceSecrets.autoscalerPassphrase,
    });
    expect(autoscaler.secrets.map(({ source, mode }) => [source, mode])).to.deep.equal([
      ["cloud", 0o400],
      ["state-key", 0o400],
      ["passphrase", 0o400],
    ]);
    const others = run.recorder.registrations.filter(({ name }) => name !== "test-autoscaler-deploy");
    for (const secret of ["app-secret", "AKID", "correct horse"]) {
      expect(JSON.stringify(others), secret).to.not.include(secret);
      expect(JSON.stringify(run.outputs), secret).to.not.include(secret);
      expect(JSON.stringify(plain), secret).to.not.include(secret);
    }
  });

  it("lets managers reach one another by SSH, at addresses that the outputs name", () => {
    const rules = run.recorder
      .ofType("openstack:networking/secGroupRule:SecGroupRule")
      .filter(({ inputs }) => inputs["portRangeMin"] === 22);
    expect(rules.map(({ name }) => name)).to.include("test-managers-tcp-22-managers");
    expect(run.cluster.access.managers.map(({ address }) => address)).to.deep.equal([
      "10.20.0.10",
      "10.20.0.11",
      "10.20.0.12",
    ]);
  });

  it("is refused without its secrets, each named, before anything is made", async () => {
    const error = await runProgram({ ...wanted, autoscalerPassphrase: "correct horse" }).then(() => "", String);
    for (const key of ["autoscalerCloud", "autoscalerStateKey"])
      expect(error).to.include(
        `settings.${key}: missing, and settings.autoscalerService needs it; run \`pulumi config set --secret swarm:${key}\`, see docs/autoscaler.md.`,
      );
    expect(error).to.not.include("autoscalerPassphrase");
    expect(lastTypes()).to.deep.equal(["pulumi:pulumi:StackReference"]);
  });
});
