/** How the Pulumi was called whose update this is. */
export interface Invocation {
  /** Its verb, e.g. "up" or "destroy"; absent where none is found. */
  readonly verb?: string;
  /** Options that change the plan, as `pulumi preview` takes them. */
  readonly flags: readonly string[];
  /** Value of `--config-file`, relative to the folder that Pulumi was started in. */
  readonly configFile?: string;
}

/**
 * Options with a value that change the plan. `--config` is not among them: `up` has written it to the stack's file by
 * then.
 */
const planValues = ["replace", "target", "target-replace", "exclude", "parallel"];
/** Options without one that do. */
const planSwitches = ["target-dependents", "exclude-dependents", "run-program"];
/**
 * Every other option that takes a value in the next word (pkg/cmd/pulumi/operations/up.go, destroy.go, refresh.go, and
 * pulumi.go for all verbs).
 */
const otherValues = [
  "stack",
  "config",
  "secrets-provider",
  "client",
  "message",
  "policy-pack",
  "policy-pack-config",
  "plan",
  "event-log",
  "exec-kind",
  "exec-agent",
  "output",
  "import-file",
  "cwd",
  "color",
  "verbose",
  "profiling",
  "tracing",
  "tracing-header",
  "memprofilerate",
  "otel-traces",
  "remote-executor-image",
];
const shorthands: Readonly<Record<string, string>> = {
  s: "stack",
  c: "config",
  m: "message",
  t: "target",
  p: "parallel",
  r: "refresh",
  C: "cwd",
  v: "verbose",
  x: "exclude",
  d: "debug",
  f: "skip-preview",
  y: "yes",
  e: "emoji",
  j: "json",
  Q: "fully-qualify-stack-names",
  h: "help",
};

/**
 * Reads how a Pulumi was called from its words, by the rules of its parser (github.com/spf13/pflag): `--name value`,
 * `--name=value`, `-n value`, `-nvalue`, switches together as in `-fy`. A switch may have a value only behind `=`,
 * `--refresh` too. Pure.
 *
 * @param words the words behind the program's name.
 */
export function readInvocation(words: readonly string[]): Invocation {
  const queue = [...words];
  const flags: string[] = [];
  const others: string[] = [];
  let configFile: string | undefined;
  const take = (name: string, given: string | undefined): void => {
    const takesValue = planValues.includes(name) || otherValues.includes(name) || name === "config-file";
    const value = given ?? (takesValue ? queue.shift() : undefined);
    if (name === "config-file") configFile = value;
    else if (planValues.includes(name) && value !== undefined) flags.push(`--${name}`, value);
    else if (planSwitches.includes(name) || name === "refresh")
      flags.push(value === undefined ? `--${name}` : `--${name}=${value}`);
  };
  for (let word = queue.shift(); word !== undefined && word !== "--"; word = queue.shift()) {
    const long = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word);
    if (long?.[1] !== undefined) take(long[1], long[2]);
    else if (/^-[^-]/.test(word)) takeShort(word.slice(1), take);
    else others.push(word);
  }
  const [verb] = others;
  return { flags, ...(verb === undefined ? {} : { verb }), ...(configFile === undefined ? {} : { configFile }) };
}

function takeShort(letters: string, take: (name: string, given: string | undefined) => void): void {
  const [letter = "", rest] = [letters[0], letters.slice(1)];
  const name = shorthands[letter] ?? letter;
  if (planValues.includes(name) || otherValues.includes(name)) {
    take(name, rest === "" ? undefined : rest.replace(/^=/, ""));
    return;
  }
  if (rest.startsWith("=")) take(name, rest.slice(1));
  else {
    take(name, undefined);
    if (rest !== "") takeShort(rest, take);
  }
}

/** Verbs that remove everything or change nothing: what they do is not judged. */
const unjudged = ["destroy", "down", "dn", "refresh", "preview", "pre"];

/** Whether an update of a verb is judged; one whose verb is not known is. */
export function isJudged({ verb }: Pick<Invocation, "verb">): boolean {
  return verb === undefined || !unjudged.includes(verb);
}
