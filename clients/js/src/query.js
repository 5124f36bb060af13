/**
 * Turns the options of a call into the parameters of a URL.
 *
 * @module
 */

/** @param {unknown} value */
const json = (value) => JSON.stringify(value);
/** @param {unknown} value */
const flag = (value) => (value ? "1" : "0");
/** @param {unknown} value */
const joined = (value) => (Array.isArray(value) ? value.join(", ") : String(value));
/** @param {unknown} value */
const namesOrJson = (value) => (Array.isArray(value) ? value.join(",") : json(value));

/** @type {Record<string, (value: unknown) => string>} how each option is written */
const WRITERS = {
    aggregates: json,
    archived: flag,
    count: String,
    cursor: String,
    domain: json,
    expand: namesOrJson,
    fields: json,
    groupby: json,
    lang: String,
    limit: String,
    nulls: flag,
    order: joined,
    page: String,
    relations: String,
    search: String,
};

/** What a call takes beside the parameters. */
const OF_THE_CALL = new Set(["signal", "timeout", "company", "userId", "etag", "idempotencyKey"]);

/**
 * Returns the parameters of a call. A name that nobody knows is an error: a condition must not get lost.
 *
 * @param {Record<string, unknown>} options
 * @param {string[]} [without] options that belong elsewhere in this call
 * @returns {Record<string, string>}
 */
export function parametersOf(options, without = []) {
    /** @type {Record<string, string>} */
    const params = {};
    for (const [name, value] of Object.entries(options)) {
        if (value === undefined || OF_THE_CALL.has(name) || without.includes(name)) continue;
        if (!WRITERS[name]) throw new TypeError(`There is no option ${name}.`);
        params[name] = WRITERS[name](value);
    }
    return params;
}
