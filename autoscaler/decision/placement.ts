import { nodeKey, tally, type NodeRef } from "../model/observation";
import { lowestFree, takenNodes } from "../model/ordinals";
import { binOf, type Bin } from "./packing";
import type { GroupPolicy } from "../model/policy";
import { coresOf, isCancellable, isRunning, sizeOf, type Leaving, type Situation } from "./situation";
import type { Resources } from "../model/resources";
import { count, names, seconds } from "../model/wording";

/** A node that a draft has gained: its room, and its cores. */
interface Gain {
  readonly bin: Bin;
  readonly cores: number;
}

/**
 * Worker sets that grow, node by node, within every limit: where the fewest workers are first, so that the zones stay
 * within one of each other. Lives as long as one decision.
 */
export class Draft {
  readonly added: NodeRef[] = [];
  readonly kept: Leaving[] = [];
  /** Nodes that there will be, by group. */
  private readonly counts: Map<string, number>;
  /** Nodes that still run and are to go, by group: they take room until they are gone. */
  private readonly leaving: Map<string, number>;
  /** Ordinals that are held or were of late, by node; gathered once a node is added. */
  private taken: Set<string> | undefined;
  private readonly probed = new Set<string>();
  private readonly sizes = new Map<string, Resources>();
  private readonly dead: ReadonlyMap<string, number>;
  private readonly idle: ReadonlyMap<string, number>;
  private readonly stuck: ReadonlyMap<string, number>;
  private readonly byName: ReadonlyMap<string, GroupPolicy>;

  constructor(private readonly situation: Situation) {
    const { policy, sets, metrics, dead, lost, stuck, coming, leaving } = situation;
    // without fresh figures nothing is taken away, not even the dead
    const staying = metrics.fresh ? [] : dead;
    this.byName = new Map(policy.groups.map((group) => [group.name, group]));
    this.dead = tally(metrics.fresh ? dead : []);
    this.idle = tally([...lost, ...staying]);
    this.stuck = tally(stuck);
    const more = tally(staying);
    this.counts = new Map(
      policy.groups.map(({ name }) => [name, (sets.get(name)?.length ?? 0) + (more.get(name) ?? 0)]),
    );
    this.leaving = new Map(tally(leaving.filter(isRunning)));
    // a zone on probation that has a node on its way is being tried already
    for (const { zone } of coming) this.probed.add(zone);
  }

  /** Nodes that there are or will be, those still leaving included: what the maximum is about. */
  get total(): number {
    return this.situation.policy.groups.reduce((sum, { name }) => sum + this.room(name), 0);
  }

  /** Workers of a group that work or will: without those that are lost, stuck or leaving. */
  live(group: string): number {
    return this.present(group) - (this.stuck.get(group) ?? 0);
  }

  get liveTotal(): number {
    return this.situation.policy.groups.reduce((sum, { name }) => sum + this.live(name), 0);
  }

  get isFull(): boolean {
    return this.added.length >= this.situation.policy.maxStepNodes.out;
  }

  /** One more node of a group that qualifies: one that is draining stays, or else a new one comes. */
  grow(qualifies: (group: GroupPolicy) => boolean): Gain | undefined {
    return this.keep(qualifies) ?? this.add(qualifies);
  }

  keep(qualifies: (group: GroupPolicy) => boolean): Gain | undefined {
    const node = this.situation.leaving.find((leaving) => {
      const group = this.byName.get(leaving.group);
      return (
        group !== undefined &&
        qualifies(group) &&
        isCancellable(leaving) &&
        !this.kept.includes(leaving) &&
        // limits may have been lowered since
        this.room(group.name) <= group.max &&
        this.total <= this.situation.policy.max
      );
    });
    if (node?.node === undefined) return undefined;
    this.kept.push(node);
    this.counts.set(node.group, (this.counts.get(node.group) ?? 0) + 1);
    this.leaving.set(node.group, (this.leaving.get(node.group) ?? 0) - 1);
    return { bin: binOf(node.node), cores: coresOf(node.node) };
  }

  add(qualifies: (group: GroupPolicy) => boolean): Gain | undefined {
    const group = this.isFull ? undefined : this.pick(qualifies);
    if (group === undefined) return undefined;
    this.taken ??= takenNodes(this.situation.seen, this.situation.memory);
    const node = lowestFree(this.taken, group.name);
    this.taken.add(nodeKey(node));
    this.added.push(node);
    this.probed.add(group.zone);
    this.counts.set(group.name, (this.counts.get(group.name) ?? 0) + 1);
    const size = this.size(group);
    return { bin: { group: group.name, free: size }, cores: size.cpu };
  }

  size(group: GroupPolicy): Resources {
    const size = this.sizes.get(group.name) ?? sizeOf(this.situation, group);
    this.sizes.set(group.name, size);
    return size;
  }

  /** Workers of a zone, as the balance counts them. */
  inZone(zone: string): number {
    return this.situation.policy.groups
      .filter((group) => group.zone === zone)
      .reduce((sum, { name }) => sum + this.present(name), 0);
  }

  /** Why no qualifying group can grow, as a clause; undefined where one can. */
  obstacle(qualifies: (group: GroupPolicy) => boolean): string | undefined {
    const { policy, memory, now } = this.situation;
    const { quota } = memory;
    if (quota !== undefined && quota.until > now)
      return `nothing is asked of the cloud for ${seconds(quota.until - now)} (${quota.why})`;
    const whys = policy.groups.filter(qualifies).map((group) => this.barOf(group));
    if (whys.length === 0) return "there is no group for it";
    return whys.includes(undefined) ? undefined : [...new Set(whys)].join(", ");
  }

  private pick(qualifies: (group: GroupPolicy) => boolean): GroupPolicy | undefined {
    if (this.obstacle(qualifies) !== undefined) return undefined;
    const heat = (group: GroupPolicy): number => this.situation.seen.zoneCpu[group.zone]?.ratio ?? 0;
    const open = this.situation.policy.groups.filter((group) => qualifies(group) && this.barOf(group) === undefined);
    const rank = (a: GroupPolicy, b: GroupPolicy): number =>
      this.inZone(a.zone) - this.inZone(b.zone) ||
      heat(b) - heat(a) ||
      0 ||
      (this.counts.get(a.name) ?? 0) - (this.counts.get(b.name) ?? 0);
    return open.reduce<GroupPolicy | undefined>(
      (best, group) => (best === undefined || rank(group, best) < 0 ? group : best),
      undefined,
    );
  }

  private barOf({ name, zone, max }: GroupPolicy): string | undefined {
    const grown = this.room(name, 1);
    if (this.total - this.room(name) + grown > this.situation.policy.max) return this.fullness();
    if (grown > max) return `${name} is at its max of ${max}`;
    const state = this.situation.zones.get(zone);
    if (state === undefined || state.condition === "healthy") return undefined;
    return state.condition === "probation" && !this.probed.has(zone) ? undefined : state.why;
  }

  private fullness(): string {
    const { leaving, policy } = this.situation;
    const still = leaving.filter((node) => isRunning(node) && !this.kept.includes(node));
    return `the cluster is at its max of ${count(policy.max, "worker")}${still.length > 0 ? `, ${names(still)} still leaving` : ""}`;
  }

  /**
   * Nodes that the group takes room for, with so many more: of its dead ones those that its minimum keeps on the books.
   */
  private room(group: string, more = 0): number {
    const counted = (this.counts.get(group) ?? 0) + more;
    const booked = Math.min(this.byName.get(group)?.min ?? 0, counted + (this.dead.get(group) ?? 0));
    return Math.max(counted, booked) + (this.leaving.get(group) ?? 0);
  }

  private present(group: string): number {
    return (this.counts.get(group) ?? 0) - (this.idle.get(group) ?? 0);
  }
}
