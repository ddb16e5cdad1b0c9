import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, OperationError } from "../../ops/errors";
import { lockHolder } from "../../ops/locks";
import { OpenStack } from "../../ops/openstack";
import { programFingerprint } from "../../ops/program";
import { stackOutputs, type StackPlace } from "../../ops/pulumi";
import { runUpdate, UpdateError } from "../../ops/update";
import type { UpdateStep } from "../../ops/update-events";
import type { ClusterOutputs } from "../../settings/outputs";
import type { StackPort, UpdateOrder } from "./ports";

/** Seconds for which outputs are taken for new; to read them starts Pulumi. */
const outputsSeconds = 60;
/** Seconds for reading them once the toolchain stands: a tick may wait for it. */
const readSeconds = 90;
/** Seconds that a tick waits for the backend's word on the lock. */
const lockWaitSeconds = 5;
/** Seconds for which the cloud's word on its zones is. A zone whose machines are dead is noticed by them, sooner. */
const zonesSeconds = 60;

export interface StackTargetOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** Where Pulumi's talk goes. */
  readonly talk: (text: string) => void;
}

/** The stack: its outputs, and updates by the one door that there is. */
export class StackTarget implements StackPort {
  readonly program: string;
  private known: { readonly outputs: ClusterOutputs; readonly at: number } | undefined;
  private reading: Promise<ClusterOutputs> | undefined;
  private zones: { readonly names: readonly string[]; readonly at: number } = { names: [], at: 0 };
  private askingZones = false;

  constructor(private readonly place: StackPlace, private readonly options: StackTargetOptions) {
    this.program = programFingerprint(place.project);
  }

  async outputs(fresh: boolean): Promise<ClusterOutputs> {
    const { known } = this;
    // one that was begun before an update ended may tell of before
    if (fresh || known === undefined) return this.read();
    if (Date.now() - known.at >= outputsSeconds * 1000 && this.reading === undefined) {
      // a tick does not wait for it
      this.read().catch((error: unknown) => { this.options.say(`outputs: ${messageOf(error)}`); });
    }
    return known.outputs;
  }

  private async read(): Promise<ClusterOutputs> {
    const reading = stackOutputs(this.place, this.options.environment, ...this.known === undefined ? [] : [readSeconds]);
    this.reading = reading;
    try {
      const outputs = await reading;
      if (this.reading === reading) this.known = { outputs, at: Date.now() };
      return outputs;
    } finally {
      if (this.reading === reading) this.reading = undefined;
    }
  }

  async update({ wanted, expected, timeoutSeconds }: UpdateOrder, signal: AbortSignal): Promise<readonly UpdateStep[]> {
    const { environment, talk } = this.options;
    try {
      return await runUpdate({ place: this.place, wanted, expected, asDeployed: true, environment, timeoutSeconds, talk, signal });
    } catch (error) {
      throw error instanceof UpdateError ? new UpdateError(error.message, await this.withFaults(error.steps), error.interrupted) : error;
    }
  }

  /** Of a server that did not start the provider tells its id alone; why is Nova's to say. */
  private async withFaults(steps: readonly UpdateStep[]): Promise<UpdateStep[]> {
    return Promise.all(steps.map(async (step) => {
      const id = /Error waiting for instance \(([0-9a-f-]{36})\)/.exec(step.error ?? "")?.[1];
      if (id === undefined) return step;
      const fault = await OpenStack.open(this.options.environment).then((cloud) => cloud.serverFault(id)).catch(() => undefined);
      return fault === undefined ? step : { ...step, error: `${fault} (${step.error ?? ""})` };
    }));
  }

  /** Of a backend that does not answer an update says more. */
  async lockHolder(): Promise<string | undefined> {
    const { stack } = this.place;
    return Promise.race([lockHolder(stack, this.options.environment["PULUMI_BACKEND_URL"]), sleep(lockWaitSeconds * 1000, undefined, { ref: false })]).catch(() => undefined);
  }

  /** Asked for in the background: what the cloud says counts, that it does not answer does not. */
  async unavailableZones(): Promise<readonly string[]> {
    const { environment } = this.options;
    if (environment["OS_CLOUD"] !== undefined && !this.askingZones && Date.now() - this.zones.at >= zonesSeconds * 1000) {
      this.askingZones = true;
      OpenStack.open(environment).then((cloud) => cloud.unavailableZones())
        .then((names) => { this.zones = { names, at: Date.now() }; }, (error: unknown) => {
          this.zones = { names: [], at: Date.now() };
          if (!(error instanceof OperationError)) this.options.say(`zones: ${messageOf(error)}`);
        })
        .finally(() => { this.askingZones = false; });
    }
    return Promise.resolve(this.zones.names);
  }
}
