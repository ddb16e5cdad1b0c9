// Modules that load when a verb needs them. Docker's client takes a third of swarmctl's start, the charts a fifth;
// completion and help do not wait for them.

export const loadReadHealth = (): typeof import("./read-health") =>
  require("./read-health") as typeof import("./read-health");
export const loadAutoscaler = (): typeof import("./autoscaler") =>
  require("./autoscaler") as typeof import("./autoscaler");
export const loadSvgChart = (): typeof import("../autoscaler/simulation/chart-svg") =>
  require("../autoscaler/simulation/chart-svg") as typeof import("../autoscaler/simulation/chart-svg");
export const loadTextChart = (): typeof import("../autoscaler/simulation/chart-text") =>
  require("../autoscaler/simulation/chart-text") as typeof import("../autoscaler/simulation/chart-text");
export const loadAvailability = (): typeof import("../ops/swarm/availability") =>
  require("../ops/swarm/availability") as typeof import("../ops/swarm/availability");
