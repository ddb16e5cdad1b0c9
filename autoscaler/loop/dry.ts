import type { KeptRecord } from "../../ops/swarm/config-record";
import type { ClusterOutputs } from "../../settings/outputs";
import type { NotifyPort, StackPort, SwarmPort, SwarmView, UpdateOrder } from "./ports";

// What a dry run acts on: it sees the same and changes nothing but its own record, which it keeps to itself.

export class DrySwarm implements SwarmPort {
  private kept: KeptRecord | undefined;

  constructor(
    private readonly real: SwarmPort,
    private readonly say: (line: string) => void,
  ) {}

  async view(access: ClusterOutputs["access"]): Promise<SwarmView> {
    const view = await this.real.view(access);
    return this.kept === undefined ? view : { ...view, record: this.kept };
  }

  async keep(text: string, known: KeptRecord | undefined): Promise<KeptRecord> {
    this.kept = { id: "dry run", version: (known?.version ?? 0) + 1, text };
    return Promise.resolve(this.kept);
  }

  async drain(nodeId: string, mark: string): Promise<void> {
    return this.would(`drain node ${nodeId} (${mark})`);
  }
  async activate(nodeId: string): Promise<void> {
    return this.would(`give node ${nodeId} tasks again`);
  }
  async forceUpdate(serviceId: string): Promise<void> {
    return this.would(`place service ${serviceId} anew`);
  }
  close(): void {
    this.real.close();
  }

  private async would(what: string): Promise<void> {
    this.say(`dry run: it would ${what}.`);
    return Promise.resolve();
  }
}

export class DryStack implements StackPort {
  private told = "";

  /** @param program the fingerprint that counts; by default that of the checkout. */
  constructor(
    private readonly real: StackPort,
    private readonly say: (line: string) => void,
    readonly program = real.program,
  ) {}

  async outputs(fresh: boolean): Promise<ClusterOutputs> {
    return this.real.outputs(fresh);
  }
  async lockHolder(): Promise<string | undefined> {
    return this.real.lockHolder();
  }
  async unavailableZones(): Promise<readonly string[]> {
    return this.real.unavailableZones();
  }

  async update({ wanted }: UpdateOrder): Promise<readonly []> {
    const text = JSON.stringify(wanted);
    if (text !== this.told) this.say(`dry run: an update would leave the workers ${text}.`);
    this.told = text;
    return Promise.resolve([]);
  }
}

/** Where nobody is to be told. */
export const tellNobody: NotifyPort = { scaled: async () => Promise.resolve(), blind: async () => Promise.resolve() };
