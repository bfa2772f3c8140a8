// The contract's side of the policy: what the host calls (`policy-sdk/wit/policy.wit`). The rules are in `rules.js`.

import { MANIFEST, RULES } from "./rules.js";

const UTF8 = new TextDecoder();

/** The interface `rules` of the contract. An instance keeps nothing between calls. */
export const rules = {
  describe() {
    return JSON.stringify(MANIFEST);
  },

  configure(settings) {
    const unknown = Object.keys(JSON.parse(settings)).join(", ");
    if (unknown) {
      // What is thrown is the error of a `result`.
      throw `has no settings, and was given ${unknown}`;
    }
  },

  evaluate(records, ends, tasks) {
    const parsed = new Map();
    const read = (position) => {
      if (!parsed.has(position)) {
        const begin = position === 0 ? 0 : ends[position - 1];
        parsed.set(position, JSON.parse(UTF8.decode(records.subarray(begin, ends[position]))));
      }
      return parsed.get(position);
    };
    const answers = [];
    // Two numbers are a task: which record, and which rule is to look at it.
    for (let task = 0; task < tasks.length / 2; task++) {
      // A rule that fails is reported for its own task, and the others are judged.
      try {
        const found = RULES[tasks[2 * task + 1]](read(tasks[2 * task]));
        if (found !== undefined) {
          answers.push({ task, verdict: { tag: "finding", val: finding(found) } });
        }
      } catch (error) {
        answers.push({ task, verdict: { tag: "error", val: String(error) } });
      }
    }
    return answers;
  },

  conclude() {
    throw "has no correlations";
  },
};

function finding({ summary, ...more }) {
  return { severity: undefined, title: undefined, summary, key: "", grouping: undefined, more: JSON.stringify(more) };
}
