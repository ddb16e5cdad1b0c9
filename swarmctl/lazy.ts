// Docker's client takes a third of swarmctl's start, what draws a fifth: whoever presses TAB or asks for help should
// not wait for it.

export const loadLook = (): typeof import("./look") => require("./look") as typeof import("./look");
export const loadAutoscaler = (): typeof import("./autoscaler") =>
  require("./autoscaler") as typeof import("./autoscaler");
export const loadDraw = (): typeof import("../autoscaler/simulation/chart-svg") =>
  require("../autoscaler/simulation/chart-svg") as typeof import("../autoscaler/simulation/chart-svg");
export const loadDrawText = (): typeof import("../autoscaler/simulation/chart-text") =>
  require("../autoscaler/simulation/chart-text") as typeof import("../autoscaler/simulation/chart-text");
export const loadAvailability = (): typeof import("../ops/swarm/availability") =>
  require("../ops/swarm/availability") as typeof import("../ops/swarm/availability");
