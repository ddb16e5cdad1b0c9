import tseslint from "typescript-eslint";

/** Forbids imports of the given folders of ours, seen from `from`, with the reason. */
function forbid(folders, why, from = "(\\.\\./)+") {
  return { "no-restricted-imports": ["error", { patterns: [{ regex: `^${from}(${folders.join("|")})(/|$)`, message: why }] }] };
}

const direction = "imports go settings ← cloudinit ← components ← index, and settings ← ops ← index; stacks/ and lab/ are read as files";

export default tseslint.config(
  { ignores: ["node_modules/", "**/node_modules/", "bench/out/"] },
  ...tseslint.configs.strictTypeChecked,
  {
    files: ["**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true } }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/prefer-nullish-coalescing": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "no-console": "error",
      eqeqeq: "error",
    },
  },
  { files: ["settings/**"], rules: forbid(["components", "cloudinit", "ops", "stacks", "lab", "bench", "tests"], direction) },
  { files: ["cloudinit/**"], rules: forbid(["components", "ops", "stacks", "lab", "bench", "tests"], direction) },
  { files: ["components/**"], rules: forbid(["ops", "stacks", "lab", "bench", "tests"], direction) },
  { files: ["ops/**"], rules: forbid(["components", "cloudinit", "stacks", "lab", "bench", "tests"], direction) },
  { files: ["index.ts"], rules: forbid(["stacks", "lab", "bench", "tests"], direction, "\\./") },
  { files: ["bench/**"], rules: forbid(["stacks", "lab", "tests"], direction) },
  { files: ["docs/**", "toolchain/**", "tests/lab/**"], rules: forbid(["bench"], "bench/ measures what there is; nothing is made of it") },
  {
    files: ["tests/**"],
    rules: {
      "max-lines": ["error", { max: 600, skipBlankLines: true, skipComments: true }],
      // chai's assertions are expressions
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  { files: ["**/*.mjs"], ...tseslint.configs.disableTypeChecked },
  { files: ["**/*.cjs"], ...tseslint.configs.disableTypeChecked, languageOptions: { ...tseslint.configs.disableTypeChecked.languageOptions, globals: { require: "readonly", module: "writable" } } },
  { files: ["**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
);
