/**
 * How many records a page may have, for the providers.
 *
 * @module
 */

/**
 * Returns a function for the largest page of a model, as its connection says. The server is asked once for each model.
 *
 * @param {import("./types.js").Client<any>} odoo
 * @returns {(model: string) => Promise<number>}
 */
export function largestPages(odoo) {
    /** @type {Map<string, Promise<number>>} */
    const known = new Map();
    return (model) => {
        const size = known.get(model) ?? odoo.schema(model).then((schema) => schema.max_limit);
        known.set(model, size);
        size.catch(() => known.delete(model));
        return size;
    };
}
