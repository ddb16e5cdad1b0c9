import { get, type Agent, type IncomingHttpHeaders } from "node:http";
import { commonApiVersion, compareApiVersions, testedApi } from "./api-version";
import { OperationError } from "../errors";

/**
 * The version of the API to speak with an engine. Its ping says the newest that it speaks. Only an engine that is newer
 * than all that are tested here may refuse the newest of those, and is asked for its oldest: for that an engine starts
 * a process or two.
 *
 * @param name the engine's node, for messages.
 * @throws OperationError where there is no version in common.
 */
export async function negotiate(name: string, agent: Agent): Promise<string> {
  const newest = String((await ask(agent, "/_ping")).headers["api-version"] ?? "");
  if (compareApiVersions(newest, testedApi.newest) <= 0) return commonApiVersion(name, { oldest: newest, newest });
  const { MinAPIVersion: oldest } = JSON.parse((await ask(agent, "/version")).body) as { MinAPIVersion: string };
  return commonApiVersion(name, { oldest, newest });
}

/** Asks without a version, as one may for what tells the version. */
async function ask(
  agent: Agent,
  path: string,
): Promise<{ readonly headers: IncomingHttpHeaders; readonly body: string }> {
  return new Promise((resolve, reject) => {
    get({ agent, host: "docker", path }, (response) => {
      let body = "";
      response
        .setEncoding("utf8")
        .on("data", (part: string) => {
          body += part;
        })
        .on("error", reject)
        .on("end", () => {
          if (response.statusCode === 200) resolve({ headers: response.headers, body });
          else
            reject(
              new OperationError(
                `Docker: ${path} is answered with ${response.statusCode ?? "nothing"}: ${body.trim()}`,
              ),
            );
        });
    }).on("error", reject);
  });
}
