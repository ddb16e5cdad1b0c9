import { whileOvertaken, type DockerNode } from "../connection/docker";

/** The fields of Docker's task object that are read here (Engine API, GET /tasks). */
export interface SwarmTask {
  readonly ID: string;
  readonly ServiceID: string;
  readonly NodeID?: string;
  readonly DesiredState: string;
  /** `Timestamp`: RFC 3339, by the clock of the node. */
  readonly Status: {
    readonly State: string;
    readonly Timestamp?: string;
    readonly Err?: string;
    readonly Message?: string;
  };
  readonly Spec: TaskSpec;
}

export interface TaskSpec {
  readonly ForceUpdate?: number;
  readonly Resources?: { readonly Reservations?: { readonly NanoCPUs?: number; readonly MemoryBytes?: number } };
  readonly Placement?: { readonly Constraints?: readonly string[] | null; readonly MaxReplicas?: number };
  readonly ContainerSpec?: {
    readonly Image?: string;
    readonly Healthcheck?: { readonly StartPeriod?: number };
    readonly Mounts?:
      | readonly {
          readonly Type?: string;
          readonly Source?: string;
          readonly VolumeOptions?: { readonly DriverConfig?: { readonly Name?: string } };
        }[]
      | null;
  };
}

/** The fields of Docker's service object that are read here (GET /services?status=true). */
export interface SwarmService {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: {
    readonly Name: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Mode: { readonly Replicated?: { readonly Replicas?: number }; readonly Global?: object };
    readonly TaskTemplate: TaskSpec;
    readonly UpdateConfig?: { readonly Order?: string } | null;
    readonly EndpointSpec?: { readonly Ports?: readonly { readonly PublishMode?: string }[] | null };
  };
  /** There once the service was updated. */
  readonly PreviousSpec?: object;
  readonly ServiceStatus?: { readonly RunningTasks: number; readonly DesiredTasks: number };
  /** Of the rollout that the last update began, if tasks had to change for it. */
  readonly UpdateStatus?: { readonly State?: string; readonly StartedAt?: string; readonly Message?: string };
}

/** What a task or service belongs to where `docker stack deploy` made it. */
const stackLabel = "com.docker.stack.namespace";

/** Tasks that are meant to run, of all services or of one, those that cannot be placed among them. */
export async function listRunningTasks(manager: DockerNode, service?: string): Promise<SwarmTask[]> {
  return (await manager.api.listTasks({
    filters: { "desired-state": ["running"], ...(service === undefined ? {} : { service: [service] }) },
  })) as SwarmTask[];
}

export async function listServices(manager: DockerNode): Promise<SwarmService[]> {
  return (await manager.api.listServices({ status: true })) as unknown as SwarmService[];
}

export async function listStackServices(manager: DockerNode, stack: string): Promise<SwarmService[]> {
  return (await manager.api.listServices({
    status: true,
    filters: { label: [`${stackLabel}=${stack}`] },
  })) as unknown as SwarmService[];
}

/** Tasks of a stack, those that have ended among them. */
export async function listStackTasks(manager: DockerNode, stack: string): Promise<SwarmTask[]> {
  return (await manager.api.listTasks({ filters: { label: [`${stackLabel}=${stack}`] } })) as SwarmTask[];
}

/** Has the swarm place every task of a service anew, by the service's own rules for updates. */
export async function forceUpdate(manager: DockerNode, id: string): Promise<void> {
  await whileOvertaken(async () => {
    const { Version, Spec } = (await manager.api.getService(id).inspect()) as unknown as SwarmService;
    const TaskTemplate = { ...Spec.TaskTemplate, ForceUpdate: (Spec.TaskTemplate.ForceUpdate ?? 0) + 1 };
    await manager.api.getService(id).update({ _query: { version: Version.Index }, _body: { ...Spec, TaskTemplate } });
  });
}
