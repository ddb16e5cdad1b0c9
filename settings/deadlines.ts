import { fields, integer } from "./values";

export const deadlines = fields({
  nodeReadyMinutes: integer(1, 120, "minutes").default(5).describe("From the creation of a server to Ready."),
  drainMinutes: integer(1, 120, "minutes").default(5).describe("For tasks to leave a node."),
  stackReadyMinutes: integer(1, 120, "minutes").default(5).describe("For every task of a stack to run."),
});
