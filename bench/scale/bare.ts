import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { FirewallGroup } from "../../components/firewall-rules";
import { planCluster } from "../../components/plan";
import { OperationError } from "../../ops/errors";
import { OpenStack } from "../../ops/openstack/client";
import { removeNode } from "../../ops/verbs/remove-node";
import { removeAll } from "../../ops/openstack/sweep";
import { Pending, waitFor } from "../../ops/wait";
import { ownerMark, type NodePlace } from "../../settings/names";
import type { ClusterOutputs } from "../../settings/outputs";
import type { Settings } from "../../settings/schema";
import { all } from "../bound/all";
import { activeSeconds, bootNode, findFlavors, findImage, type BootingNode, type Pieces } from "../bound/boot";
import { withId } from "../bound/network";

/** Cluster that the bare servers are named after; they join another's swarm. */
export const bareName = "bare";

const roles: readonly FirewallGroup[] = ["nodes", "managers", "workers"];

/**
 * Workers beside those of the program: in its cluster's network, of its groups, image, flavor and user data, the join
 * token among it, but by bare calls of the cloud's API, and known to nobody. So they boot and join as the program's do,
 * without it.
 */
export class BareWorkers {
  private booted: BootingNode[] = [];

  private constructor(
    private readonly environment: NodeJS.ProcessEnv,
    private readonly pieces: Omit<Pieces, "cloud">,
  ) {}

  /** Looks up what a cluster's workers are made with. */
  static async beside(
    environment: NodeJS.ProcessEnv,
    settings: Settings,
    { joinTokens }: Pick<ClusterOutputs, "joinTokens">,
  ): Promise<BareWorkers> {
    const cloud = await OpenStack.open(environment);
    const { clusterName } = settings;
    const owner = randomBytes(6).toString("hex");
    const [network, subnet, image, flavorIds, groups] = await all([
      findOne(cloud, "networks", clusterName, z.object({ id: z.string(), mtu: z.int() })),
      findOne(cloud, "subnets", clusterName, withId),
      findImage(cloud, settings.image),
      findFlavors(cloud),
      all(
        roles.map(
          async (role) =>
            [role, (await findOne(cloud, "security-groups", `${clusterName}-${role}`, withId)).id] as const,
        ),
      ),
    ]);
    return new BareWorkers(environment, {
      source: {
        settings,
        plan: planCluster(settings, {}),
        seed: randomBytes(32).toString("hex"),
        owner,
        joinToken: joinTokens.worker,
      },
      marks: { name: bareName, description: ownerMark(bareName, owner) },
      network: { id: network.id, mtu: network.mtu, subnetId: subnet.id },
      groups: Object.fromEntries(groups) as Record<FirewallGroup, string>,
      image,
      flavorIds,
    });
  }

  /** A session for one go: its token does not last as long as all of them. */
  async open(): Promise<OpenStack> {
    return OpenStack.open(this.environment);
  }

  /** Asks for all at once; when it is done, all are ACTIVE and on their way into the swarm. */
  async boot(cloud: OpenStack, places: readonly NodePlace[]): Promise<void> {
    const { workerGroups, workerFlavor } = this.pieces.source.settings;
    await all(
      places.map(async (place) => {
        this.booted.push(
          await bootNode(
            { ...this.pieces, cloud },
            { place, flavor: workerGroups[place.group]?.flavor ?? workerFlavor },
          ),
        );
      }),
    );
    await untilActive(
      cloud,
      places.map(({ name }) => name),
    );
  }

  /** Takes all that was booted out of the swarm, and from the cloud. */
  async remove(access: ClusterOutputs["access"]): Promise<void> {
    const nodes = this.booted;
    this.booted = [];
    try {
      await all(
        nodes.map(({ place, address, hostKey, serverId, labels }) =>
          removeNode(access, {
            name: place.name,
            role: "worker",
            address,
            hostKey,
            serverId,
            labels: { ...labels },
            holdsToken: true,
            stacks: [],
            readySeconds: 0,
            drainSeconds: 0,
          }),
        ),
      );
    } finally {
      await this.sweep();
    }
  }

  /** Takes all that bears their mark from the cloud. */
  async sweep(): Promise<void> {
    const {
      source: { owner },
      marks,
    } = this.pieces;
    await removeAll(await this.open(), { cluster: bareName, owner, mark: marks.description, ids: new Set() });
  }
}

const server = z.object({ id: z.string(), name: z.string(), status: z.string() });

/** One question for all, and seldom: the cloud shares the processors with the servers that boot. */
async function untilActive(cloud: OpenStack, names: readonly string[]): Promise<void> {
  const failed = await waitFor(
    { what: `${names.join(", ")} to be ACTIVE`, deadlineSeconds: activeSeconds, intervalSeconds: 5 },
    async () => {
      const own = (
        await cloud.list("compute", `/servers/detail?name=${encodeURIComponent(`^${bareName}-`)}`, "servers", server)
      ).filter(({ name }) => names.includes(name));
      const error = own.find(({ status }) => status === "ERROR");
      if (error !== undefined) return error;
      const active = own.filter(({ status }) => status === "ACTIVE").length;
      return active === names.length ? undefined : new Pending(`${active} of ${names.length} are`);
    },
  );
  if (failed !== undefined)
    throw new OperationError(
      `${failed.name}: its server is in ERROR: ${(await cloud.serverFault(failed.id)) ?? "Nova does not say why"}.`,
    );
}

async function findOne<T>(
  cloud: OpenStack,
  kind: "networks" | "subnets" | "security-groups",
  name: string,
  schema: z.ZodType<T>,
): Promise<T> {
  const found = await cloud.list(
    "network",
    `/v2.0/${kind}?name=${encodeURIComponent(name)}`,
    kind.replaceAll("-", "_"),
    schema,
  );
  const [one, ...more] = found;
  if (one === undefined || more.length > 0)
    throw new OperationError(
      `${kind}: ${found.length} are called ${JSON.stringify(name)}; the cluster's alone should be.`,
    );
  return one;
}
