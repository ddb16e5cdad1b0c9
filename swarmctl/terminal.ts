import type { StackPlace } from "../ops/pulumi/run";
import { exitCodes, type ExitCode } from "./errors";
import { clusterOfNode, findProject, listClusters, selectCluster, type Cluster, type Selection } from "./project";

/** What a verb may touch of the process it runs in: data to `out`, talk to `say`, the exit code to `finish`. */
export class Terminal {
  exitCode: ExitCode = exitCodes.done;
  readonly environment = process.env;
  readonly cwd = process.cwd();

  /** Writes data, as it is. */
  out(text: string): void {
    process.stdout.write(text);
  }

  /** Writes data as JSON. */
  json(value: unknown): void {
    this.out(`${JSON.stringify(value, undefined, 2)}\n`);
  }

  /** Says a line. */
  say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  finish(code: ExitCode): void {
    this.exitCode = code;
  }

  clusters(project: string | undefined): Cluster[] {
    return listClusters(findProject(project, this.cwd), this.environment, (line) => {
      this.say(line);
    });
  }

  cluster(selection: Selection): Cluster {
    return selectCluster(this.clusters(selection.project), selection);
  }

  clusterOfNode(
    node: string,
    { project, stack }: { project?: string | undefined; stack?: string | undefined },
  ): Cluster {
    return clusterOfNode(this.clusters(project), node, stack);
  }
}

/** How a stack is named in a command line that is printed for people. */
export function upCommand({ stack }: StackPlace): string {
  return stack === "lab" ? "lab/pulumi up" : `pulumi up --stack ${stack}`;
}
