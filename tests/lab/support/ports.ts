import { connect } from "node:net";

// Which TCP ports of an address answer; run inside a namespace of the lab: ports.ts ADDRESS FIRST LAST
// Prints a list as JSON. A port that refuses answers too: a packet came back.

const answerSeconds = 1;
const atOnce = 800;

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(answerSeconds * 1000, () => {
      end(false);
    });
    socket.once("connect", () => {
      end(true);
    });
    socket.once("error", ({ code }: NodeJS.ErrnoException) => {
      end(code === "ECONNREFUSED");
    });
  });
}

async function main(): Promise<void> {
  const [host = "", first = "1", last = "1"] = process.argv.slice(2);
  const open: number[] = [];
  let next = Number(first);
  const worker = async (): Promise<void> => {
    while (next <= Number(last)) {
      const port = next++;
      if (await answers(host, port)) open.push(port);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  process.stdout.write(`${JSON.stringify(open.sort((a, b) => a - b))}\n`);
}

void main();
