// Asks the engine for everything that a policy must not have: each rule in one way. For tests of the host only.

const HOUR = 3_600_000;

/** What is answered, or the kind of error. */
function attempt(ask) {
  try {
    return String(ask());
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

const ATTACKS = {
  "looks-around": () =>
    ["process", "require", "XMLHttpRequest", "WebSocket", "Worker", "Deno", "Bun", "navigator"]
      .map((name) => `${name} ${typeof globalThis[name]}`)
      .join(", "),

  "asks-for-the-time": () => `${Date.now()} ${new Date().toISOString()} ${attempt(() => performance.now())}`,

  draws: () =>
    `${attempt(() => crypto.getRandomValues(new Uint8Array(8)).join(" "))}, ${attempt(() => crypto.randomUUID())}`,

  "prints-a-flood": () => {
    console.log("printed to standard output");
    console.error("printed to standard error");
    for (let line = 0; line < 200; line += 1) {
      console.log("x".repeat(2000));
    }
    return "printed";
  },

  fetches: () => attempt(() => fetch("http://127.0.0.1/")),

  "waits-busily": () => {
    const until = Date.now() + HOUR;
    while (Date.now() < until);
    return "waited";
  },

  "fills-memory": () => {
    const held = [];
    for (;;) {
      held.push(new Uint8Array(1 << 20).fill(held.length));
    }
  },

  recurses: () => {
    const deeper = (depth) => deeper(depth + 1) + 1;
    return String(deeper(0));
  },
};

const NAMES = Object.keys(ATTACKS);

/** The interface `rules` of the contract. */
export const rules = {
  describe() {
    return JSON.stringify({
      manifest_version: "1",
      name: "javascript-system",
      version: "1.0.0",
      rules: NAMES.map((id) => ({ id, title: id, severity: "low", selectors: ["all"] })),
    });
  },

  configure() {},

  evaluate(_records, _ends, tasks) {
    // A record's number and a rule's, side by side for each task.
    return Array.from({ length: tasks.length / 2 }, (_, task) => {
      try {
        const summary = ATTACKS[NAMES[tasks[2 * task + 1]]]();
        const finding = { severity: undefined, title: undefined, summary, key: "", grouping: undefined, more: "" };
        return { task, verdict: { tag: "finding", val: finding } };
      } catch (error) {
        return { task, verdict: { tag: "error", val: String(error) } };
      }
    });
  },

  conclude() {
    throw "has no correlations";
  },
};
