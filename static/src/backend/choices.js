import { useState } from "@odoo/owl";

/**
 * Search in a list of things that have a `name` (technical) and a `label`.
 *
 * Several names, separated by commas, find exactly these.
 */
export function useChoiceSearch() {
    const state = useState({ text: "" });
    return {
        state,
        find(items) {
            const words = state.text
                .toLowerCase()
                .split(",")
                .map((word) => word.trim())
                .filter(Boolean);
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
            if (!state.text.trim()) {
                return [];
            }
            const found = this.find(items);
            return state.text.includes(",") ? found : found.slice(0, 1);
        },
    };
}

function isExactly(item, word) {
    return item.name.toLowerCase() === word || item.label.toLowerCase() === word;
}
