import { createRequire } from "node:module";

// Docker's client takes a third of swarmctl's start, what draws a fifth: whoever presses TAB or asks for help should not wait for it.
const load = createRequire(__filename);

export const loadLook = (): typeof import("./look") => load("./look") as typeof import("./look");
export const loadAutoscaler = (): typeof import("./autoscaler") => load("./autoscaler") as typeof import("./autoscaler");
export const loadDraw = (): typeof import("../autoscaler/draw") => load("../autoscaler/draw") as typeof import("../autoscaler/draw");
export const loadDrawText = (): typeof import("../autoscaler/draw-text") => load("../autoscaler/draw-text") as typeof import("../autoscaler/draw-text");
export const loadAvailability = (): typeof import("../ops/availability") => load("../ops/availability") as typeof import("../ops/availability");
