import { majority } from "../../settings/quorum";
import type { Situation } from "./situation";
import type { Gate } from "../model/verdict";

/** What a gate asks of a situation. */
export type Question = (situation: Situation) => Pick<Gate, "passed" | "value" | "needs">;

/** Managers that answer, all of them, and how many keep the quorum. */
export function managersOf({ seen: { managers } }: Situation): {
  readonly reachable: number;
  readonly all: number;
  readonly quorum: number;
} {
  return {
    reachable: managers.filter(({ reachable }) => reachable).length,
    all: managers.length,
    quorum: majority(managers.length),
  };
}
