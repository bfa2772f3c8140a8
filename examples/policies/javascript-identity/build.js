// Makes the component: `node build.js WIT-FOLDER OUTPUT`, with the packages of package.json installed where node finds them.

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { componentize } from "@bytecodealliance/componentize-js";

const [witPath, output] = process.argv.slice(2);
if (output === undefined) {
  console.error("usage: node build.js WIT-FOLDER OUTPUT");
  process.exit(2);
}

const { component } = await componentize({
  sourcePath: fileURLToPath(new URL("app.js", import.meta.url)),
  witPath,
  worldName: "policy",
  // Policies are pure functions: without these the component imports nothing but the contract.
  disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"],
});
await writeFile(output, component);
