import { createRequire } from "node:module";

// Docker's client takes a third of swarmctl's start: whoever presses TAB or asks for help should not wait for it.
const load = createRequire(__filename);

export const loadLook = (): typeof import("./look") => load("./look") as typeof import("./look");
export const loadAutoscaler = (): typeof import("./autoscaler") => load("./autoscaler") as typeof import("./autoscaler");
export const loadAvailability = (): typeof import("../ops/availability") => load("../ops/availability") as typeof import("../ops/availability");
