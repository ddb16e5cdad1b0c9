import type { ClusterAccess } from "../../settings/outputs";
import type { SwarmSpec } from "../../settings/specs";
import { whileOvertaken } from "../connection/docker";
import { withManager } from "../connection/managers";

/** The fields of Docker's swarm object that are read here (Engine API, GET /swarm). Periods are in nanoseconds. */
interface SwarmState {
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Dispatcher?: { readonly HeartbeatPeriod?: number } };
}

/** Gives a swarm what may be changed while it runs. Repeating it changes nothing. */
export async function configureSwarm(access: ClusterAccess, { dispatcherHeartbeatSeconds }: SwarmSpec): Promise<void> {
  await withManager(access, (manager) =>
    whileOvertaken(async () => {
      const { Version, Spec } = (await manager.api.swarmInspect()) as SwarmState;
      const HeartbeatPeriod = dispatcherHeartbeatSeconds * 1_000_000_000;
      if (Spec.Dispatcher?.HeartbeatPeriod === HeartbeatPeriod) return;
      await manager.api.swarmUpdate({
        _query: { version: Version.Index },
        _body: { ...Spec, Dispatcher: { ...Spec.Dispatcher, HeartbeatPeriod } },
      });
    }),
  );
}
