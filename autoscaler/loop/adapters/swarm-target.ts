import type { DockerNode } from "../../../ops/connection/docker";
import { Managers, oneLook } from "../../../ops/connection/managers";
import { OperationError } from "../../../ops/errors";
import { listNodes, updateNode, withoutLabels } from "../../../ops/swarm/nodes";
import { forceUpdate, listRunningTasks, listServices } from "../../../ops/swarm/services";
import { readRecord, writeRecord, type KeptRecord } from "../../../ops/swarm/config-record";
import type { ClusterOutputs } from "../../../settings/outputs";
import { drainLabel } from "../observe";
import type { SwarmPort, SwarmView } from "../ports";
import { recordName } from "../record";

/** The swarm by way of its managers: a connection to whichever answers, kept from tick to tick. */
export class SwarmTarget implements SwarmPort {
  /**
   * @param self the manager that this runs beside, which is asked first: a loop that goes on while another's machine
   *   dies has no connection to lose, and the first manager does not answer for all.
   * @param find how a manager that answers is found; by default over SSH, the first that does.
   */
  constructor(
    private readonly self?: string,
    private readonly find?: ConstructorParameters<typeof Managers>[1],
  ) {}

  private known: { readonly access: string; readonly managers: Managers } | undefined;

  async view(access: ClusterOutputs["access"]): Promise<SwarmView> {
    return this.use(access, async (manager) => {
      const [nodes, tasks, services, record] = await Promise.all([
        listNodes(manager),
        listRunningTasks(manager),
        listServices(manager),
        readRecord(manager, recordName),
      ]);
      return { nodes, tasks, services, record };
    });
  }

  async keep(text: string, known: KeptRecord | undefined): Promise<KeptRecord> {
    return this.use(undefined, (manager) => writeRecord(manager, recordName, text, known));
  }

  async drain(nodeId: string, mark: string): Promise<void> {
    await this.use(undefined, (manager) =>
      updateNode(manager, nodeId, (spec) => ({
        ...spec,
        Availability: "drain",
        Labels: { ...spec.Labels, [drainLabel]: mark },
      })),
    );
  }

  async activate(nodeId: string): Promise<void> {
    await this.use(undefined, (manager) =>
      updateNode(manager, nodeId, (spec) => ({
        ...spec,
        Availability: "active",
        Labels: withoutLabels(spec, [drainLabel]),
      })),
    );
  }

  async forceUpdate(serviceId: string): Promise<void> {
    await this.use(undefined, (manager) => forceUpdate(manager, serviceId));
  }

  close(): void {
    this.known?.managers.close();
    this.known = undefined;
  }

  /** Does something on a manager. The access changes with updates that make or take managers. */
  private async use<T>(
    access: ClusterOutputs["access"] | undefined,
    action: (manager: DockerNode) => Promise<T>,
  ): Promise<T> {
    const text = access === undefined ? this.known?.access : JSON.stringify(access);
    if (access !== undefined && text !== undefined && text !== this.known?.access) {
      this.close();
      const managers = [...access.managers].sort(
        (one, other) => Number(other.name === this.self) - Number(one.name === this.self),
      );
      this.known = { access: text, managers: new Managers({ ...access, managers }, this.find, oneLook) };
    }
    if (this.known === undefined) throw new OperationError("the swarm has not been looked at; this is a bug.");
    return this.known.managers.use(action);
  }
}
