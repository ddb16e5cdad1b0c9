import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, OperationError } from "../../../ops/errors";
import { lockHolder } from "../../../ops/stack-state/locks";
import { OpenStack } from "../../../ops/openstack/client";
import { programFingerprint } from "../../../ops/update/program";
import type { StackPlace } from "../../../ops/pulumi/run";
import { stackOutputs } from "../../../ops/stack-state/outputs";
import { stateVersion } from "../../../ops/stack-state/state";
import { runUpdate, UpdateError } from "../../../ops/update/update";
import type { UpdateStep } from "../../../ops/pulumi/events";
import type { ClusterOutputs } from "../../../settings/outputs";
import type { StackPort, UpdateOrder } from "../ports";

/**
 * Seconds for which outputs are taken for new. To read them starts Pulumi, so it is done only where the state is
 * another one then.
 */
const outputsSeconds = 60;
/**
 * Seconds after which they are read whatever the backend says: of a bucket with copies, one that was down may tell of
 * before.
 */
const trustSeconds = 600;
/**
 * Seconds for reading them once the toolchain stands. A tick may wait for it, which stuckSeconds.inactive (serve.ts)
 * must leave room for; and a machine that is busy must be able to end what it begins, or it begins it anew each minute.
 */
const readSeconds = 300;
/** Seconds that one waits for the backend's word on the lock, or on the state. */
const backendWaitSeconds = 5;
/** Seconds for which the cloud's word on its zones is. A zone whose machines are dead is noticed by them, sooner. */
const zonesSeconds = 60;

export interface StackTargetOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  /** Where Pulumi's talk goes. */
  readonly talk: (text: string) => void;
  /** Milliseconds since 1970, by this machine's clock by default. */
  readonly now?: () => number;
}

/** The stack: its outputs, and updates by the one door that there is. */
export class StackTarget implements StackPort {
  readonly program: string;
  private readonly now: () => number;
  private known:
    | {
        readonly outputs: ClusterOutputs;
        readonly readAt: number;
        readonly at: number;
        readonly version: string | undefined;
      }
    | undefined;
  private reading: Promise<unknown> | undefined;
  private refreshing = false;
  private zones: { readonly names: readonly string[]; readonly at: number } = { names: [], at: 0 };
  private askingZones = false;

  constructor(
    private readonly place: StackPlace,
    private readonly options: StackTargetOptions,
  ) {
    this.program = programFingerprint(place.project);
    this.now = options.now ?? Date.now;
  }

  async outputs(fresh: boolean): Promise<ClusterOutputs> {
    const { known } = this;
    // one that was begun before an update ended may tell of before
    if (fresh || known === undefined) return this.read();
    if (this.now() - known.at >= outputsSeconds * 1000 && this.reading === undefined && !this.refreshing) {
      // a tick does not wait for it
      this.refreshing = true;
      this.refresh()
        .catch((error: unknown) => {
          this.options.say(`outputs: ${messageOf(error)}`);
        })
        .finally(() => {
          this.refreshing = false;
        });
    }
    return known.outputs;
  }

  private async refresh(): Promise<void> {
    const version = await this.askBackend(stateVersion);
    const { known } = this;
    const now = this.now();
    if (version !== undefined && version === known?.version && now - known.readAt < trustSeconds * 1000)
      this.known = { ...known, at: now };
    else await this.read();
  }

  private async read(): Promise<ClusterOutputs> {
    const reading = this.readWithVersion();
    this.reading = reading;
    try {
      const read = await reading;
      if (this.reading === reading) this.known = { ...read, readAt: this.now(), at: this.now() };
      return read.outputs;
    } finally {
      if (this.reading === reading) this.reading = undefined;
    }
  }

  private async readWithVersion(): Promise<{ readonly outputs: ClusterOutputs; readonly version: string | undefined }> {
    // asked for before: what changes meanwhile is read at the next turn
    const version = await this.askBackend(stateVersion);
    return {
      outputs: await stackOutputs(
        this.place,
        this.options.environment,
        ...(this.known === undefined ? [] : [readSeconds]),
      ),
      version,
    };
  }

  /** Of a backend that does not answer an update says more. */
  private async askBackend(
    question: (stack: string, backendUrl: string | undefined) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const answer = question(this.place.stack, this.options.environment["PULUMI_BACKEND_URL"]);
    return Promise.race([answer, sleep(backendWaitSeconds * 1000, undefined, { ref: false })]).catch(() => undefined);
  }

  async update({ wanted, expected, timeoutSeconds }: UpdateOrder, signal: AbortSignal): Promise<readonly UpdateStep[]> {
    const { environment, talk } = this.options;
    try {
      return await runUpdate({
        place: this.place,
        wanted,
        expected,
        asDeployed: true,
        environment,
        timeoutSeconds,
        talk,
        signal,
      });
    } catch (error) {
      throw error instanceof UpdateError
        ? new UpdateError(error.message, await this.withFaults(error.steps), error.interrupted)
        : error;
    }
  }

  /** Of a server that did not start the provider tells its id alone; why is Nova's to say. */
  private async withFaults(steps: readonly UpdateStep[]): Promise<UpdateStep[]> {
    return Promise.all(
      steps.map(async (step) => {
        const id = /Error waiting for instance \(([0-9a-f-]{36})\)/.exec(step.error ?? "")?.[1];
        if (id === undefined) return step;
        const fault = await OpenStack.open(this.options.environment)
          .then((cloud) => cloud.serverFault(id))
          .catch(() => undefined);
        return fault === undefined ? step : { ...step, error: `${fault} (${step.error ?? ""})` };
      }),
    );
  }

  async lockHolder(): Promise<string | undefined> {
    return this.askBackend(lockHolder);
  }

  /** Asked for in the background: what the cloud says counts, that it does not answer does not. */
  async unavailableZones(): Promise<readonly string[]> {
    const { environment } = this.options;
    if (
      environment["OS_CLOUD"] !== undefined &&
      !this.askingZones &&
      this.now() - this.zones.at >= zonesSeconds * 1000
    ) {
      this.askingZones = true;
      OpenStack.open(environment)
        .then((cloud) => cloud.unavailableZones())
        .then(
          (names) => {
            this.zones = { names, at: this.now() };
          },
          (error: unknown) => {
            this.zones = { names: [], at: this.now() };
            if (!(error instanceof OperationError)) this.options.say(`zones: ${messageOf(error)}`);
          },
        )
        .finally(() => {
          this.askingZones = false;
        });
    }
    return Promise.resolve(this.zones.names);
  }
}
