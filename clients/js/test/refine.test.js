/** The data provider of refine against a real server (ODOO_URL). */

import assert from "node:assert/strict";
import {after, before, test} from "node:test";

import {createClient} from "../src/index.js";
import {dataProvider} from "../src/refine.js";

const resource = "res.partner";
const name = `Refine ${Date.now()}`;
const meta = {fields: ["name", "color", "parent_id"]};
const odoo = createClient({url: process.env.ODOO_URL});
const provider = dataProvider(odoo);
let parent;

before(async () => {
    await odoo.logIn("demo", "demo");
    parent = (await provider.create({resource, variables: {name}, meta})).data;
    const variables = ["A", "B", "C_"].map((letter, color) => ({name: `${name} ${letter}`, color, parent_id: parent.id}));
    const {data} = await provider.createMany({resource, variables, meta});
    assert.deepEqual(data.map((record) => record.color), [0, 1, 2]);
});
after(() => odoo.close());

const mine = {field: "parent_id.name", operator: "eq", value: name};
const sorters = [{field: "color", order: "asc"}];
const colors = async (...filters) =>
    (await provider.getList({resource, filters: [mine, ...filters], sorters, meta})).data.map((record) => record.color);

test("a list has pages, an order and a total", async () => {
    const pagination = {currentPage: 2, pageSize: 2};
    const {data, total} = await provider.getList({resource, filters: [mine], sorters, pagination, meta});
    assert.deepEqual([data.map((record) => record.color), total], [[2], 3]);
    assert.equal(data[0].parent_id, parent.id);
});

for (const [operator, value, found] of [
    ["eq", 1, [1]],
    ["ne", 1, [0, 2]],
    ["gte", 1, [1, 2]],
    ["lt", 1, [0]],
    ["in", [0, 2], [0, 2]],
    ["nin", [0, 2], [1]],
    ["between", [1, 2], [1, 2]],
    ["eq", undefined, [0, 1, 2]],
]) {
    test(`${operator} filters numbers`, async () => assert.deepEqual(await colors({field: "color", operator, value}), found));
}

for (const [field, operator, value, found] of [
    ["name", "contains", "refine", [0, 1, 2]],
    ["name", "containss", "refine", []],
    ["name", "startswith", "refine", [0, 1, 2]],
    ["name", "endswith", "_", [2]],
    ["name", "ncontains", "B", [0, 2]],
    ["email", "null", true, [0, 1, 2]],
    ["email", "nnull", true, []],
]) {
    test(`${operator} ${value} filters ${field}`, async () => assert.deepEqual(await colors({field, operator, value}), found));
}

test("a list without pages has all records", async () => {
    const countries = {resource: "res.country", meta: {fields: ["code"]}};
    const {data, total} = await provider.getList({...countries, pagination: {mode: "off"}});
    const {total: real} = await odoo.list("res.country", {limit: 1});
    assert.ok(real > 100);
    assert.deepEqual([total, new Set(data.map((record) => record.id)).size], [real, real]);
    const {data: many} = await provider.getMany({...countries, ids: data.map((record) => record.id)});
    assert.equal(many.length, real);
});

test("filters are nested", async () => {
    const both = {operator: "and", value: [{field: "color", operator: "between", value: [0, 1]}, {field: "color", operator: "gt", value: 0}]};
    const last = {field: "color", operator: "eq", value: 2};
    assert.deepEqual(await colors({operator: "or", value: [both, last]}), [1, 2]);
    assert.deepEqual(await colors({operator: "or", value: []}), [0, 1, 2]);
});

test("an operator that Odoo does not have is an error", async () => {
    await assert.rejects(colors({field: "name", operator: "ina", value: []}), /no operator ina/);
});

test("records are read, changed and deleted", async () => {
    const {data: one} = await provider.getOne({resource, id: String(parent.id), meta});
    assert.equal(one.name, name);
    const {data: made} = await provider.create({resource, variables: {name: `${name} x`}, meta});
    const ids = [parent.id, made.id];
    assert.equal((await provider.getMany({resource, ids, meta})).data.length, 2);
    await assert.rejects(provider.update({resource, id: made.id, variables: {color: 1}, meta: {etag: '"old"'}}), {status: 412});
    assert.equal((await provider.update({resource, id: made.id, variables: {color: 4}, meta})).data.color, 4);
    const {data: changed} = await provider.updateMany({resource, ids: [made.id], variables: {color: 5}, meta});
    assert.deepEqual(changed.map((record) => record.color), [5]);
    const {data: other} = await provider.create({resource, variables: {name: `${name} y`}, meta});
    assert.deepEqual(await provider.deleteOne({resource, id: made.id}), {data: {id: made.id}});
    assert.deepEqual(await provider.deleteMany({resource, ids: [other.id]}), {data: [{id: other.id}]});
    assert.deepEqual((await provider.getMany({resource, ids: [made.id, other.id], meta})).data, []);
});

test("a request of one's own is sent as the user", async () => {
    const {data} = await provider.custom({url: "/api/me", method: "get"});
    assert.equal(data.data.login, "demo");
});
