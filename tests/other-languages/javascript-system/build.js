// Makes the component, with everything of the engine switched on that the host gives a system for.

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
  // `wasi:http` is refused at load.
  disableFeatures: ["http", "fetch-event"],
});
await writeFile(output, component);
