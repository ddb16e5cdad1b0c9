import { z } from "zod";
import { allowed, fields, integer, keysOf, label, nonEmpty } from "./values";

const workerGroup = fields({
  zone: nonEmpty.optional().describe("Nova availability zone of the group; default: the group's name."),
  flavor: nonEmpty.optional().describe("Nova flavor of its workers; default: workerFlavor."),
  min: integer(0, 1000, "workers").describe("Smallest number of workers."),
  max: integer(0, 1000, "workers").describe("Largest number of workers."),
  labels: z
    .record(label(40), z.string(allowed("text")), allowed("a map of label to text"))
    .default({})
    .describe("Labels of its swarm nodes beside az, group and ordinal."),
});

export const workerGroups = z.record(label(20), workerGroup, allowed(`a map of group name to ${keysOf(workerGroup)}`));
