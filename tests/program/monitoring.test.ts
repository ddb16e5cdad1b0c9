import { expect } from "chai";
import { admissions, runProgram, secretMark, type Run, type Secret } from "../support/program";
import { goodConfiguration } from "../support/settings";

describe("the program with monitoring", () => {
  const slackWebhook = "https://hooks.slack.com/services/T/B/5ec5e7";
  let run: Run;
  before(async () => {
    run = await runProgram({
      ...goodConfiguration,
      monitoring: { replicas: 2 },
      autoscale: { windowSeconds: 120 },
      slackWebhook,
    });
  });

  it("makes the network that services are asked in", () => {
    expect(run.recorder.named("test-overlay-monitoring").inputs).to.deep.include({
      name: "monitoring",
      driver: "overlay",
    });
  });

  it("deploys the stack with the autoscaler's window, and has Traefik measured", () => {
    expect(String(run.recorder.named("test-monitoring-deploy").inputs["stdin"])).to.include("[120s]");
    expect(String(run.recorder.named("test-traefik-deploy").inputs["stdin"])).to.include("--metrics.prometheus=true");
  });

  it("does not miss an autoscaler that it does not run", async () => {
    expect(String(run.recorder.named("test-monitoring-deploy").inputs["stdin"])).not.to.include("AutoscalerStuck");
    const { recorder } = await runProgram({
      ...goodConfiguration,
      monitoring: {},
      autoscale: {},
      autoscalerService: { backendUrl: "s3://states" },
      autoscalerCloud: JSON.stringify({
        clouds: {
          autoscaler: {
            auth_type: "v3applicationcredential",
            auth: {
              auth_url: "https://cloud.example",
              application_credential_id: "a",
              application_credential_secret: "b",
            },
          },
        },
      }),
      autoscalerStateKey: "[default]\naws_access_key_id = a\naws_secret_access_key = b\n",
      autoscalerPassphrase: "c",
    });
    expect(String(recorder.named("test-monitoring-deploy").inputs["stdin"])).to.include("AutoscalerStuck");
  });

  it("hands the webhook over in the environment alone, as a secret", () => {
    const holders = run.recorder.registrations.filter(({ inputs }) => JSON.stringify(inputs).includes("5ec5e7"));
    expect(holders.map(({ name }) => name)).to.deep.equal(["test-monitoring-deploy"]);
    const { environment, ...others } = holders[0]?.inputs ?? {};
    expect(environment).to.have.property(secretMark);
    expect((environment as Secret).value).to.deep.include({ SWARM_SECRET_SLACK_WEBHOOK: slackWebhook });
    expect(JSON.stringify(others)).not.to.include("5ec5e7");
    expect(JSON.stringify(run.outputs)).not.to.include("5ec5e7");
  });

  it("labels two managers in two zones", () => {
    expect(
      admissions(run)
        .filter(({ labels }) => labels["monitoring"] === "true")
        .map(({ name }) => name),
    ).to.have.members(["test-manager-az2-0", "test-manager-az3-0"]);
  });
});
