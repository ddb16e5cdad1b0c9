import tseslint from "typescript-eslint";

/** Forbids imports of the given folders of ours, seen from `from`, with the reason. */
function forbid(folders, why, from = "(\\.\\./)+") {
  return {
    "no-restricted-imports": ["error", { patterns: [{ regex: `^${from}(${folders.join("|")})(/|$)`, message: why }] }],
  };
}

const direction =
  "imports go settings ← cloudinit ← components ← index, and settings ← ops ← {swarmctl, autoscaler}, in ops/ as opsFolders has it; stacks/ and lab/ are read as files";

const folders = ["cloudinit", "components", "ops", "autoscaler", "swarmctl", "bench", "stacks", "lab", "tests"];

/** Lets imports of ours come from settings/ and these folders alone. */
function importsOnly(allowed, alsoForbidden = [], from = undefined) {
  return forbid([...folders.filter((folder) => !allowed.includes(folder)), ...alsoForbidden], direction, from);
}

/** The folders of ops/, each with those that it imports from. */
const opsFolders = {
  connection: [],
  pulumi: [],
  "stack-state": ["connection", "pulumi"],
  swarm: ["connection", "stack-state"],
  openstack: ["connection", "stack-state", "swarm"],
  guard: ["pulumi"],
  update: ["connection", "pulumi", "stack-state", "swarm", "openstack", "guard"],
  verbs: ["connection", "stack-state", "swarm", "openstack"],
};

/** Forbids the folders of ops/ that are not allowed, beside everything that ops/ as a whole does not import. */
function opsImportsOnly(allowed, from = undefined) {
  const others = Object.keys(opsFolders).filter((folder) => !allowed.includes(folder));
  return importsOnly([], others, from);
}

/** What decides is pure: it is tested as a function, replayed and simulated. Files of the loop that act are named here. */
const acting = [
  ...["loop", "run", "dry"].map((name) => `autoscaler/loop/${name}.ts`),
  "autoscaler/loop/adapters/**",
  "autoscaler/loop/serving/serve.ts",
];

export default tseslint.config(
  { ignores: ["node_modules/", "**/node_modules/", "bench/out/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", { max: 430, skipBlankLines: true, skipComments: true }],
      "no-restricted-exports": [
        "error",
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true } },
      ],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-explicit-any": "error",
      // what takes long to load and few need is loaded where it is needed
      "@typescript-eslint/no-require-imports": ["error", { allow: ["^\\.\\.?/"] }],
      "@typescript-eslint/prefer-nullish-coalescing": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "no-console": "error",
      eqeqeq: "error",
    },
  },
  { files: ["settings/**", "cloudinit/**", "ops/**"], rules: importsOnly([]) },
  // the files that every folder of ops/ uses import from none of them
  { files: ["ops/*.ts"], ignores: ["ops/main.ts"], rules: opsImportsOnly([], "(\\.\\./)*(\\./)?") },
  ...Object.entries(opsFolders).map(([folder, allowed]) => ({
    files: [`ops/${folder}/**`],
    rules: opsImportsOnly([folder, ...allowed]),
  })),
  { files: ["components/**"], rules: importsOnly(["cloudinit"]) },
  { files: ["autoscaler/**"], rules: importsOnly(["ops"]) },
  { files: ["swarmctl/**"], rules: importsOnly(["ops", "autoscaler"]) },
  // what tests hold of a decision, and what they start, serves a measurement as well
  {
    files: ["bench/**"],
    rules: importsOnly(["cloudinit", "components", "ops", "autoscaler", "tests"], ["tests/(?!support/).*"]),
  },
  {
    files: ["autoscaler/**"],
    ignores: acting,
    rules: {
      ...importsOnly(["ops"], ["node:.*", "dockerode", "@pulumi"], "((\\.\\./)+)?"),
      // what the swarm and the stack say has its shape there
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^(\\.\\./)+ops(/|$)",
              message: "files of autoscaler/ that decide take types of ops/ and nothing that acts",
              allowTypeImports: true,
            },
          ],
        },
      ],
      "no-restricted-globals": [
        "error",
        ...["process", "fetch", "setTimeout", "setInterval"].map((name) => ({
          name,
          message: "files of autoscaler/ that decide do no I/O",
        })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "time comes in as `now`" },
        { object: "Math", property: "random", message: "decisions do not vary" },
      ],
    },
  },
  { files: ["index.ts"], rules: importsOnly(["cloudinit", "components", "ops"], [], "\\./") },
  {
    files: ["docs/**", "toolchain/**", "tests/lab/**"],
    rules: forbid(["bench"], "bench/ measures what there is; nothing is made of it"),
  },
  {
    files: ["tests/**"],
    rules: {
      "max-lines": ["error", { max: 950, skipBlankLines: true, skipComments: true }],
      // chai's assertions are expressions
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  { files: ["**/*.mjs"], ...tseslint.configs.disableTypeChecked },
  {
    files: ["**/*.cjs", "**/*.js"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: { require: "readonly", module: "writable" },
    },
  },
  { files: ["**/*.cjs", "**/*.js"], rules: { "@typescript-eslint/no-require-imports": "off" } },
);
