import { parseDocument } from "yaml";
import { traefikVersion } from "../settings/traefik-version";
import { renderCompose } from "./compose";

/** What the demo's stack depends on. */
export interface DemoOptions {
  /** Image references; Traefik's says which labels it knows. */
  readonly images: { readonly whoami: string; readonly traefik: string };
  /** Number of workers that the cluster plans. */
  readonly workers: number;
}

/** Path prefix of the demo's router. */
export const demoPath = "/whoami";

/**
 * Labels by which Traefik 3 leaves out a task that it could not reach, for as long as its list of tasks may be behind
 * the swarm's.
 */
const passiveHealthCheck = { maxfailedattempts: "1", failurewindow: "15s" };

/**
 * Text of the demo's stack: the compose file with its values, and with the labels that only Traefik 3 knows.
 *
 * @param text stacks/demo/compose.yml.
 */
export function demoCompose(text: string, { images, workers }: DemoOptions): string {
  // three, and no more than two a worker, as the compose file says
  const replicas = Math.min(3, 2 * workers);
  const compose = parseDocument(
    renderCompose(text, { WHOAMI_IMAGE: images.whoami, DEMO_PATH: demoPath, DEMO_REPLICAS: String(replicas) }),
  );
  // Traefik 2 refuses a service with a label that it does not know
  const [major] = traefikVersion(images.traefik);
  if (major >= 3) {
    for (const [label, value] of Object.entries(passiveHealthCheck)) {
      compose.setIn(
        [
          "services",
          "whoami",
          "deploy",
          "labels",
          `traefik.http.services.whoami.loadbalancer.passivehealthcheck.${label}`,
        ],
        value,
      );
    }
  }
  return compose.toString({ lineWidth: 0 });
}
