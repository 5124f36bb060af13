import { useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

/**
 * Search in a list of things that have a `name` (technical) and a `label`.
 *
 * Several names, separated by commas, find exactly these.
 */
export function useChoiceSearch() {
    const state = useState({ text: "", missed: "" });
    return {
        state,
        get isActive() {
            return wordsOf(state.text).length > 0;
        },
        /** Say what the last Enter did not find, as long as that is the text. */
        get problem() {
            return state.missed && state.missed === state.text ? _t("Not found: %s", state.missed) : "";
        },
        find(items) {
            const words = wordsOf(state.text);
            if (words.length > 1) {
                return items.filter((item) => words.some((word) => isExactly(item, word)));
            }
            const [word] = words;
            if (!word) {
                return items;
            }
            const found = items.filter(
                (item) => item.name.toLowerCase().includes(word) || item.label.toLowerCase().includes(word)
            );
            return found.sort((one, other) => isExactly(other, word) - isExactly(one, word));
        },
        /** Return what the Enter key means: all of several names, or the best match of one. */
        best(items) {
            const words = wordsOf(state.text);
            return words.length ? this.find(items).slice(0, words.length > 1 ? undefined : 1) : [];
        },
        /** Begin the next search in an input element, with the names that this one did not find. */
        restart(items, input) {
            const words = wordsOf(state.text);
            const missed =
                words.length > 1
                    ? words.filter((word) => !items.some((item) => isExactly(item, word)))
                    : words.filter(() => !this.find(items).length);
            state.text = state.missed = missed.join(", ");
            input.value = state.text; // at once: what is typed next may come before it is drawn
        },
    };
}

function wordsOf(text) {
    return text
        .toLowerCase()
        .split(",")
        .map((word) => word.trim())
        .filter(Boolean);
}

function isExactly(item, word) {
    return item.name.toLowerCase() === word || item.label.toLowerCase() === word;
}
