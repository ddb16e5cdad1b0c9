import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { NodePlace } from "../settings/names";

/** What all nodes of a cluster share. */
export interface ClusterNetworkRef {
  readonly networkId: pulumi.Input<string>;
  readonly subnetId: pulumi.Input<string>;
}

export interface SwarmNodeArgs {
  readonly cluster: string;
  /** The mark of the cluster's resources. */
  readonly mark: pulumi.Input<string>;
  readonly place: NodePlace;
  readonly network: ClusterNetworkRef;
  readonly securityGroupIds: readonly pulumi.Input<string>[];
  /** Fixed IPv4 address; without one Neutron picks from the subnet's pool. */
  readonly address?: string;
  /** A further IPv4 address that the port lets through: the ingress' virtual one. */
  readonly sharedAddress?: string;
  readonly flavor: string;
  readonly image: string;
  /** Id that the image's name has now; undefined where the cloud has no image of that name. */
  readonly imageId?: pulumi.Input<string | undefined>;
  readonly keyPair?: string;
  /** Hash of what cannot be changed on the server, of templateHash. */
  readonly template: pulumi.Input<string>;
  readonly serverGroupId?: pulumi.Input<string>;
  /** Logical names of servers that exist and never ran; one of these is replaced. */
  readonly unmade: ReadonlySet<string>;
  /** True where the user data has a join token. */
  readonly holdsToken: boolean;
  /** Renders the user data once the node's own address is known. Secret: it holds the host key. */
  readonly userData: (address: pulumi.Output<string>) => pulumi.Output<string>;
}

/** The metadata `token` of a server that was made with a join token. */
const tokenGiven = "user-data";

/**
 * Inputs that Nova cannot change on a running server. An edit must not replace it, so they are ignored: new servers get
 * the new values.
 */
const fixedInputs = [
  "availabilityZone",
  "imageName",
  "imageId",
  "flavorName",
  "flavorId",
  "userData",
  "keyPair",
  "metadata",
  "schedulerHints",
  "configDrive",
] as const;

/**
 * One machine of the swarm: a port and a server, named and marked with its place, so that leftovers of an interrupted
 * update can be recognized. The membership (components/membership.ts) makes it part of the swarm.
 */
export class SwarmNode extends pulumi.ComponentResource {
  readonly place: NodePlace;
  readonly port: openstack.networking.Port;
  readonly server: openstack.compute.Instance;
  readonly address: pulumi.Output<string>;
  /** True if the server was made with a join token in its user data. */
  readonly holdsToken: pulumi.Output<boolean>;
  /** Zone that the server is in; a new one may be made in another. */
  readonly zone: pulumi.Output<string>;
  /** True if a new server would have another template, image, zone or server group. */
  readonly stale: pulumi.Output<boolean>;

  constructor(name: string, args: SwarmNodeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("swarm:compute:Node", name, { ...args.place }, opts);
    this.place = args.place;
    this.port = this.makePort(name, args);
    this.address = this.port.allFixedIps.apply((addresses) => addresses[0] ?? "");
    this.server = this.makeServer(name, args);
    this.holdsToken = this.server.metadata.apply((metadata) => metadata?.["token"] === tokenGiven);
    this.zone = this.server.availabilityZone;
    this.stale = this.differs(args);
    this.registerOutputs({});
  }

  private makePort(name: string, args: SwarmNodeArgs): openstack.networking.Port {
    return new openstack.networking.Port(
      `${name}-port`,
      {
        name: args.place.name,
        description: args.mark,
        networkId: args.network.networkId,
        fixedIps: [
          { subnetId: args.network.subnetId, ...(args.address === undefined ? {} : { ipAddress: args.address }) },
        ],
        securityGroupIds: [...args.securityGroupIds],
        // given at creation: peers may not learn of a later change
        allowedAddressPairs: args.sharedAddress === undefined ? [] : [{ ipAddress: args.sharedAddress }],
        tags: Object.entries(marksOf(args)).map(([key, value]) => `${key}=${value}`),
      },
      { parent: this },
    );
  }

  private makeServer(name: string, args: SwarmNodeArgs): openstack.compute.Instance {
    return new openstack.compute.Instance(
      `${name}-server`,
      {
        name: args.place.name,
        availabilityZone: args.place.zone,
        flavorName: args.flavor,
        imageName: args.image,
        ...(args.keyPair === undefined ? {} : { keyPair: args.keyPair }),
        networks: [{ port: this.port.id }],
        ...(args.serverGroupId === undefined ? {} : { schedulerHints: [{ group: args.serverGroupId }] }),
        // spares the first boot a DHCP round and requests to the metadata service
        configDrive: true,
        userData: pulumi.secret(args.userData(this.address)),
        metadata: {
          ...marksOf(args),
          mark: args.mark,
          template: args.template,
          ...(args.holdsToken ? { token: tokenGiven } : {}),
        },
      },
      {
        parent: this,
        // a replacement that a person asks for (`--replace`) has the same port
        deleteBeforeReplace: true,
        // only with "*" does a failed creation count as a change
        ...(args.unmade.has(`${name}-server`) ? { replaceOnChanges: ["*"] } : {}),
        ignoreChanges: [...fixedInputs],
      },
    );
  }

  /** Facts that are unknown of a server, e.g. one that an older provider made, do not count. */
  private differs({ template, imageId, serverGroupId, place }: SwarmNodeArgs): pulumi.Output<boolean> {
    const { metadata, imageId: ownImage, schedulerHints } = this.server;
    const own = pulumi.all([metadata, ownImage, schedulerHints, this.zone]).apply(([data, image, hints, zone]) => ({
      template: data?.["template"] as string | undefined,
      image,
      zone,
      group: hints?.[0]?.group,
    }));
    return pulumi
      .all([own, template, imageId, serverGroupId])
      .apply(
        ([had, wanted, image, group]) =>
          had.template !== wanted ||
          isOther(had.zone, place.zone) ||
          isOther(had.image, image) ||
          isOther(had.group, group),
      );
  }
}

/** What the port's tags and the server's metadata say of the node. */
function marksOf({ cluster, place: { role, group, ordinal } }: SwarmNodeArgs): Record<string, string> {
  return { cluster, role, group, ordinal: String(ordinal) };
}

function isOther(had: string | undefined, wanted: string | undefined): boolean {
  return had !== undefined && had !== "" && wanted !== undefined && had !== wanted;
}
