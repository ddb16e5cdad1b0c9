import { placeManagers } from "./names";
import { tolerance } from "./quorum";
import type { Settings } from "./schema";

/** What a configuration gives up though it is allowed, a line each, as an operator should read it before the update. */
export function warningsOf(
  settings: Pick<Settings, "clusterName" | "managers" | "zones" | "autoscale" | "monitoring">,
): string[] {
  const { autoscale, monitoring } = settings;
  const blind =
    autoscale === undefined || monitoring !== undefined
      ? []
      : [
          "settings.autoscale: without settings.monitoring there are no figures of CPU: workers come for pending tasks and minimums alone, and none goes; set monitoring, {} for its defaults.",
        ];
  return [...managerWarnings(settings), ...blind];
}

function managerWarnings({
  clusterName,
  managers,
  zones,
}: Pick<Settings, "clusterName" | "managers" | "zones">): string[] {
  if (managers === 1) {
    return [
      "settings.managers: 1 gives up high availability: while the manager is down nothing of the swarm can be changed, and with its disk the swarm is lost; use 3 to survive the loss of one.",
    ];
  }
  const tolerated = tolerance(managers);
  const places = placeManagers(clusterName, zones, managers);
  return zones.flatMap((zone) => {
    const there = places.filter((place) => place.zone === zone).length;
    return there <= tolerated
      ? []
      : [
          `settings.zones: ${JSON.stringify(zone)} holds ${there} of ${managers} managers, so its loss takes the quorum; use ${Math.ceil(managers / tolerated)} zones at least.`,
        ];
  });
}
