// Docker's client takes a third of swarmctl's start, what draws a fifth: whoever presses TAB or asks for help should
// not wait for it.

export const loadLook = (): typeof import("./look") => require("./look") as typeof import("./look");
export const loadAutoscaler = (): typeof import("./autoscaler") =>
  require("./autoscaler") as typeof import("./autoscaler");
export const loadDraw = (): typeof import("../autoscaler/draw") =>
  require("../autoscaler/draw") as typeof import("../autoscaler/draw");
export const loadDrawText = (): typeof import("../autoscaler/draw-text") =>
  require("../autoscaler/draw-text") as typeof import("../autoscaler/draw-text");
export const loadAvailability = (): typeof import("../ops/availability") =>
  require("../ops/availability") as typeof import("../ops/availability");
