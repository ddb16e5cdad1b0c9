import { isTraefik, traefikVersion, type Version } from "../../settings/traefik-version";
import type { SwarmNodeState } from "./nodes";

/** A node's engine, as the swarm knows it. */
export interface Engine {
  readonly node: string;
  readonly manager: boolean;
  /** As the engine itself says it, e.g. "26.1.5+dfsg1" or "29.1.3". */
  readonly version: string;
}

/** What of a swarm depends on the engines' versions. */
export interface EngineUse {
  /** Images that the swarm runs or shall run, e.g. "traefik:v2.9". */
  readonly images: readonly string[];
  /** Whether some overlay network is encrypted. */
  readonly encrypted: boolean;
}

export interface Misfit {
  readonly code: "traefik-api" | "encrypted-overlays" | "service-names";
  /** Whether something does not work as it is; false where it may fail later. */
  readonly breaks: boolean;
  /** Nodes whose engine it is about. */
  readonly nodes: readonly string[];
  readonly message: string;
}

/** First and last version, both of them included. */
type Range = readonly [Version, Version];

const end = Number.POSITIVE_INFINITY;

/**
 * Of Traefik, those that speak a version of Docker's API which engines from 29 on refuse. Source:
 * https://github.com/traefik/traefik/issues/12253
 */
const traefikWithOldApi: readonly Range[] = [
  [
    [0, 0, 0],
    [2, 11, 30],
  ],
  [
    [3, 0, 0],
    [3, 6, 0],
  ],
];
const engineWithoutOldApi: readonly Range[] = [
  [
    [29, 0, 0],
    [end, end, end],
  ],
];
/**
 * Engines whose encrypted packets those of all other versions drop, and the other way round. Source: the notes of
 * release 29.2.1, moby/moby#51951.
 */
const engineWithOtherEncryption: readonly Range[] = [
  [
    [25, 0, 13],
    [25, 0, 14],
  ],
  [
    [28, 2, 2],
    [28, 2, 2],
  ],
  [
    [29, 0, 0],
    [29, 2, 0],
  ],
];
/**
 * Engines that forget the services of a node which was away for some seconds. Source: moby/moby#53141, mended by
 * #53142, which 29.8.0 has.
 */
const engineThatForgetsNames: readonly Range[] = [
  [
    [29, 0, 0],
    [29, 7, end],
  ],
];

/** What does not go together in a swarm. An engine or image whose version cannot be told is taken to fit. Pure. */
export function misfits(engines: readonly Engine[], { images, encrypted }: EngineUse): readonly Misfit[] {
  const managers = engines.filter(({ manager }) => manager);
  const withoutOldApi = within(managers, engineWithoutOldApi);
  const traefik = images.find((image) => isTraefik(image) && isIn(traefikVersion(image), traefikWithOldApi));
  const otherEncryption = within(engines, engineWithOtherEncryption);
  const forgetful = within(engines, engineThatForgetsNames);
  return [
    ...(traefik === undefined || withoutOldApi.length === 0
      ? []
      : [
          misfit(
            "traefik-api",
            true,
            withoutOldApi,
            `${traefik.split("@")[0] ?? traefik}: Docker 29 (${shown(withoutOldApi)}) refuses its API version, so it routes nothing; set images.traefik to 2.11.31, or 3.6.1 or later.`,
          ),
        ]),
    ...(!encrypted || otherEncryption.length === 0 || otherEncryption.length === engines.length
      ? []
      : [
          misfit(
            "encrypted-overlays",
            true,
            otherEncryption,
            `encrypted overlay networks: ${shown(otherEncryption)} and the other nodes drop each other's packets (moby/moby#51798); use Docker 29.2.1 or later on them.`,
          ),
        ]),
    ...(forgetful.length === 0
      ? []
      : [
          misfit(
            "service-names",
            false,
            forgetful,
            `service names: ${shown(forgetful)} may lose those of a node that was disconnected for some seconds (moby/moby#53141); use Docker 29.8.0 or later, or force-update the service when that happens.`,
          ),
        ]),
  ];
}

/** The engines of the swarm's nodes; dead entries that are left of earlier servers are none. */
export function enginesOf(nodes: readonly SwarmNodeState[]): readonly Engine[] {
  return nodes.flatMap(({ Description, Spec, Status }) => {
    const version = Description?.Engine?.EngineVersion;
    return version === undefined || Status.State === "down"
      ? []
      : [{ node: Description?.Hostname ?? "", manager: Spec.Role === "manager", version }];
  });
}

function misfit(code: Misfit["code"], breaks: boolean, engines: readonly Engine[], message: string): Misfit {
  return { code, breaks, nodes: engines.map(({ node }) => node), message };
}

function shown(engines: readonly Engine[]): string {
  return engines.map(({ node, version }) => `${node} with ${version}`).join(", ");
}

function within(engines: readonly Engine[], ranges: readonly Range[]): readonly Engine[] {
  return engines.filter(({ version }) => isIn(parse(version), ranges));
}

/** Distributions add to the version: "28.2.2-0ubuntu1~22.04.1". */
function parse(version: string): Version | undefined {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

function isIn(version: Version | undefined, ranges: readonly Range[]): boolean {
  return (
    version !== undefined && ranges.some(([first, last]) => compare(first, version) <= 0 && compare(version, last) <= 0)
  );
}

function compare(one: Version, other: Version): number {
  return (
    [0, 1, 2].map((place) => Math.sign((one[place] ?? 0) - (other[place] ?? 0)) || 0).find((sign) => sign !== 0) ?? 0
  );
}
