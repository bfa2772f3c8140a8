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
    return tasks.flatMap(({ record, rule }, task) => {
      // A rule that fails is reported for its own task, and the others are judged.
      try {
        const found = RULES[rule](read(record));
        return found === undefined ? [] : [{ task, verdict: { tag: "finding", val: finding(found) } }];
      } catch (error) {
        return [{ task, verdict: { tag: "error", val: String(error) } }];
      }
    });
  },

  conclude() {
    throw "has no correlations";
  },
};

function finding({ summary, ...more }) {
  return { severity: undefined, title: undefined, summary, key: "", grouping: undefined, more: JSON.stringify(more) };
}
