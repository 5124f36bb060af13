/**
 * A data provider for refine.
 *
 *     import {dataProvider} from "odoo-jwt-api/refine";
 *
 *     <Refine dataProvider={dataProvider(odoo)} resources={[{name: "res.partner"}]}>
 *
 * A resource is a model. A many2one is its id, as `useSelect` wants it.
 *
 * @module
 */

import {pathBelow} from "./address.js";
import {largestPages} from "./sizes.js";

/**
 * @typedef {import("./types.js").Client<any>} Client
 * @typedef {import("./types.js").Domain} Domain
 */

/** Odoo's operator for each of refine's, and how its value is written. */
const OPERATORS = /** @type {Record<string, [string, ((value: any) => unknown)?]>} */ ({
    eq: ["="],
    ne: ["!="],
    lt: ["<"],
    lte: ["<="],
    gt: [">"],
    gte: [">="],
    in: ["in"],
    nin: ["not in"],
    contains: ["ilike"],
    ncontains: ["not ilike"],
    containss: ["like"],
    ncontainss: ["not like"],
    null: ["=", () => false],
    nnull: ["!=", () => false],
    startswith: ["=ilike", (value) => `${quoted(value)}%`],
    startswiths: ["=like", (value) => `${quoted(value)}%`],
    endswith: ["=ilike", (value) => `%${quoted(value)}`],
    endswiths: ["=like", (value) => `%${quoted(value)}`],
});

/**
 * Creates a data provider.
 *
 * @param {Client} odoo
 * @returns {import("./refine-types.js").DataProvider}
 */
export function dataProvider(odoo) {
    const largestPage = largestPages(odoo);
    const asked = (/** @type {any} */ meta) => ({fields: meta?.fields, expand: meta?.expand, relations: /** @type {const} */ ("id")});

    /** Returns all records that are asked for, with as few requests as the connection allows. */
    async function all(/** @type {string} */ resource, /** @type {any} */ options) {
        const limit = await largestPage(resource);
        const records = [];
        for await (const record of odoo.iterate(resource, {...options, limit})) records.push(record);
        return records;
    }

    return {
        getApiUrl: () => "/api/v1",

        async getList({resource, pagination, sorters = [], filters = [], meta}) {
            const paged = pagination && pagination.mode !== "off";
            const order = sorters.map(({field, order}) => `${field} ${order}`);
            const options = {...asked(meta), domain: domainOf(filters), ...(order.length && {order})};
            if (!paged) {
                const data = await all(resource, options);
                return {data, total: data.length};
            }
            const page = {page: pagination.currentPage ?? pagination.current ?? 1, limit: pagination.pageSize ?? 10};
            const {records, total} = await odoo.list(resource, {...options, ...page});
            return {data: records, total: total ?? records.length};
        },

        async getOne({resource, id, meta}) {
            return {data: (await odoo.get(resource, Number(id), asked(meta))).record};
        },

        async getMany({resource, ids, meta}) {
            const domain = /** @type {Domain} */ ([["id", "in", ids.map(Number)]]);
            return {data: ids.length ? await all(resource, {...asked(meta), domain, archived: true}) : []};
        },

        async create({resource, variables, meta}) {
            return {data: (await odoo.create(resource, variables, asked(meta))).record};
        },

        async createMany({resource, variables, meta}) {
            return {data: await odoo.createMany(resource, variables, asked(meta))};
        },

        async update({resource, id, variables, meta}) {
            const options = {...asked(meta), etag: meta?.etag};
            return {data: (await odoo.update(resource, Number(id), variables, options)).record};
        },

        async updateMany({resource, ids, variables, meta}) {
            const changes = ids.map((id) => ({id: Number(id), values: variables}));
            return {data: await odoo.updateMany(resource, changes, asked(meta))};
        },

        async deleteOne({resource, id, meta}) {
            await odoo.delete(resource, Number(id), {etag: meta?.etag});
            return {data: {id}};
        },

        async deleteMany({resource, ids}) {
            await odoo.deleteMany(resource, ids.map(Number));
            return {data: ids.map((id) => ({id}))};
        },

        async custom({url, method, payload, headers}) {
            const options = {headers, ...(payload !== undefined && {json: payload})};
            const response = await odoo.request(method.toUpperCase(), pathBelow(odoo.url, url), options);
            return {data: await response.json()};
        },
    };
}

/**
 * Turns refine's filters into a domain.
 *
 * @param {any[]} filters
 * @returns {Domain}
 */
function domainOf(filters) {
    return filters.flatMap((filter) => {
        if (filter.operator === "or" || filter.operator === "and") return joined(filter);
        // nothing is chosen
        if (filter.value === undefined || filter.value === "") return [];
        if (filter.operator === "between") {
            const [from, to] = filter.value;
            return [[filter.field, ">=", from], [filter.field, "<=", to]];
        }
        const [operator, write] = OPERATORS[filter.operator] ?? [];
        if (!operator) throw new TypeError(`There is no operator ${filter.operator} in Odoo.`);
        return [[filter.field, operator, write ? write(filter.value) : filter.value]];
    });
}

/**
 * @param {{operator: "or" | "and", value: any[]}} filter
 * @returns {Domain}
 */
function joined({operator, value}) {
    const parts = value.map((each) => domainOf([each])).filter((each) => each.length);
    // Odoo joins the conditions of one part with "and" only at the top
    const whole = parts.flatMap((part) => [.../** @type {Domain} */ (Array(conditions(part) - 1).fill("&")), ...part]);
    return [.../** @type {Domain} */ (Array(Math.max(parts.length - 1, 0)).fill(operator === "or" ? "|" : "&")), ...whole];
}

/**
 * Returns how many conditions of a domain stand beside each other at the top.
 *
 * @param {Domain} domain
 */
function conditions(domain) {
    return domain.reduce((count, each) => count + (Array.isArray(each) ? 1 : each === "!" ? 0 : -1), 0);
}

/** @param {unknown} value a text, in which no character is a wildcard */
const quoted = (value) => String(value).replace(/[\\%_]/g, "\\$&");
