/** The providers of react-admin against a real server (ODOO_URL); react-admin's own check looks at each response. */

import assert from "node:assert/strict";
import {after, before, test} from "node:test";

import {createClient, LoggedOutError} from "../src/index.js";
import {authProvider, dataProvider} from "../src/react-admin.js";
import validate from "../node_modules/ra-core/dist/dataProvider/validateResponseFormat.js";
import {FakeServer, json, refused} from "./fake.js";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const MODEL = "res.partner";
const name = `Admin ${Date.now()}`;
const odoo = createClient({url: process.env.ODOO_URL});
const plain = dataProvider(odoo);
/** The provider; each of its responses is what react-admin takes. */
const provider = Object.fromEntries(
    Object.entries(plain).map(([method, call]) => [
        method,
        typeof call !== "function"
            ? call
            : async (...given) => {
                  const response = await call(...given);
                  validate(response, method, assert.fail);
                  return response;
              },
    ]),
);
let azure;

before(async () => {
    await odoo.logIn("demo", "demo");
    const company = await provider.create(MODEL, {data: {name, is_company: true, ref: "R-0", country_id: 233}});
    azure = company.data;
    for (const letter of ["A", "B", "C"]) {
        const data = {name: `${name} ${letter}`, parent_id: azure.id, color: letter.charCodeAt(0) - 64};
        await provider.create(MODEL, {data});
    }
});
after(() => odoo.close());

const list = (filter, more = {}) =>
    provider.getList(MODEL, {
        pagination: {page: 1, perPage: 10},
        sort: {field: "name", order: "ASC"},
        filter,
        ...more,
    });
const letters = ({data}) => data.map((record) => record.name.at(-1)).join("");

test("getList pages, sorts and counts", async () => {
    const filter = {parent_id: azure.id};
    const first = await list(filter, {pagination: {page: 1, perPage: 2}, sort: {field: "name", order: "DESC"}});
    assert.deepEqual([letters(first), first.total], ["CB", 3]);
    const second = await list(filter, {pagination: {page: 2, perPage: 2}, sort: {field: "name", order: "DESC"}});
    assert.deepEqual([letters(second), second.total], ["A", 3]);
    // the whole table of the record, a many2one as its id, no file
    assert.equal(second.data[0].parent_id, azure.id);
    assert.ok("email" in second.data[0] && !("image_1920" in second.data[0]));
});

for (const [title, filter, found] of [
    ["a value", {color: 2}, "B"],
    ["several values", {color: [1, 3]}, "AC"],
    ["no value", {email: null}, "ABC"],
    ["at least", {color_gte: 2}, "BC"],
    ["less than", {color_lt: 2}, "A"],
    ["not", {color_neq: 2}, "AC"],
    ["one of", {color_eq_any: [2, 3]}, "BC"],
    ["part of a text", {name_q: `${name.toLowerCase()} b`}, "B"],
    ["a field of a relation", {parent_id: {ref: "R-0"}}, "ABC"],
    ["the search box", {q: `${name} C`}, "C"],
    ["nothing", {name: "Nobody"}, ""],
]) {
    test(`getList filters by ${title}`, async () => {
        assert.equal(letters(await list({"parent_id.name": name, ...filter})), found);
    });
}

test("getList takes a domain, fields and options from meta", async () => {
    const meta = {domain: ["|", ["color", "=", 1], ["color", "=", 3]], fields: ["name"], options: {count: "none"}};
    const {data} = await odooList(meta);
    assert.deepEqual(Object.keys(data[0]), ["id", "name"]);
    assert.equal(letters({data}), "AC");
});

const odooList = (meta) =>
    plain.getList(MODEL, {filter: {parent_id: azure.id}, sort: {field: "name", order: "ASC"}, meta});

test("getOne returns a record; its id may be the text of a path", async () => {
    const {data} = await provider.getOne(MODEL, {id: String(azure.id)});
    assert.deepEqual([data.id, data.name, data.country_id], [azure.id, name, 233]);
    await assert.rejects(provider.getOne(MODEL, {id: 999999999}), {status: 404});
});

test("getMany returns the records of ids, archived ones too", async () => {
    const {data: gone} = await provider.create(MODEL, {data: {name: `${name} gone`, active: false}});
    const {data} = await provider.getMany(MODEL, {ids: [azure.id, gone.id, 999999999]});
    assert.deepEqual(data.map((record) => record.id).sort(), [azure.id, gone.id].sort());
    assert.deepEqual((await provider.getMany(MODEL, {ids: []})).data, []);
});

test("getMany asks for no more at once than the connection allows", async () => {
    const client = await new FakeServer().loggedInClient();
    const asked = [];
    client.schema = async () => ({max_limit: 15});
    client.list = async (_model, {limit}) => (asked.push(limit), {records: []});
    const {getMany} = dataProvider(client, {fields: {[MODEL]: ["name"]}});
    await getMany(MODEL, {ids: Array.from({length: 40}, (_, id) => id + 1)});
    assert.deepEqual(asked, [15, 15, 10]);
});

test("getManyReference returns what refers to a record", async () => {
    const asked = {
        target: "parent_id",
        id: azure.id,
        pagination: {page: 1, perPage: 2},
        sort: {field: "name", order: "ASC"},
        filter: {color_gt: 1},
    };
    const found = await provider.getManyReference(MODEL, asked);
    assert.deepEqual([letters(found), found.total], ["BC", 2]);
});

test("create stores a file of a form, and returns the record", async () => {
    const rawFile = new Blob([Buffer.from(PNG, "base64")], {type: "image/png"});
    const {data} = await provider.create(MODEL, {data: {name: `${name} photo`, image_1920: {rawFile, src: "blob:x"}}});
    const {blob} = await odoo.download(MODEL, data.id, "image_1920");
    assert.deepEqual(Buffer.from(await blob.arrayBuffer()).toString("base64"), PNG);
});

test("update writes what the form has changed", async () => {
    const {data: before} = await provider.getOne(MODEL, {id: azure.id});
    const change = {...before, email: "azure@example.com"};
    const {data} = await provider.update(MODEL, {id: azure.id, data: change, previousData: before});
    assert.deepEqual([data.id, data.email, data.name], [azure.id, "azure@example.com", name]);
    // the form stays open, and saves again
    const again = {...data, ref: "R-1"};
    assert.equal((await provider.update(MODEL, {id: azure.id, data: again, previousData: data})).data.ref, "R-1");
    await provider.update(MODEL, {id: azure.id, data: {...again, ref: "R-0"}, previousData: again});
});

test("update is refused if somebody else has changed the record since it was read", async () => {
    const {data: before} = await provider.getOne(MODEL, {id: azure.id});
    await odoo.update(MODEL, azure.id, {phone: "1"});
    const mine = {id: azure.id, data: {...before, phone: "2"}, previousData: before};
    await assert.rejects(provider.update(MODEL, mine), {status: 412, code: "precondition_failed"});
    assert.equal((await odoo.get(MODEL, azure.id, {fields: ["phone"]})).record.phone, "1");
    // as the person decides
    assert.equal((await provider.update(MODEL, {...mine, meta: {etag: null}})).data.phone, "2");
    const unguarded = dataProvider(odoo, {guard: false});
    await unguarded.getOne(MODEL, {id: azure.id});
    await odoo.update(MODEL, azure.id, {phone: "3"});
    await unguarded.update(MODEL, mine);
});

test("an error names the inputs that it is about", async () => {
    const server = new FakeServer();
    const client = await server.loggedInClient();
    const fields = {email: ["It is no address."], name: ["It is missing.", "It is short."]};
    server.routes["POST /api/v1/res.partner"] = () => refused(422, "validation_error", {fields});
    const {create} = dataProvider(client, {fields: {[MODEL]: ["name"]}});
    await assert.rejects(create(MODEL, {data: {}}), (error) => {
        assert.deepEqual(error.body.errors, {email: "It is no address.", name: "It is missing. It is short."});
        assert.equal(error.status, 422);
        return true;
    });
});

test("updateMany and deleteMany take several ids", async () => {
    const made = await Promise.all(
        [1, 2].map((each) => provider.create(MODEL, {data: {name: `${name} many ${each}`}})),
    );
    const ids = made.map(({data}) => data.id);
    assert.deepEqual(await provider.updateMany(MODEL, {ids, data: {ref: "M"}}), {data: ids});
    const {data} = await provider.getMany(MODEL, {ids});
    assert.deepEqual(data.map((record) => record.ref), ["M", "M"]);
    // a version that was read before does not stop what comes after
    await provider.update(MODEL, {id: ids[0], data: {ref: "N"}, previousData: data[0]});
    assert.deepEqual(await provider.deleteMany(MODEL, {ids}), {data: ids});
    assert.deepEqual((await provider.getMany(MODEL, {ids})).data, []);
});

test("delete returns the record that was", async () => {
    const {data} = await provider.create(MODEL, {data: {name: `${name} short`}});
    assert.deepEqual(await provider.delete(MODEL, {id: data.id, previousData: data}), {data});
    await assert.rejects(provider.getOne(MODEL, {id: data.id}), {status: 404});
});

test("delete is refused if somebody else has changed the record", async () => {
    const {data} = await provider.create(MODEL, {data: {name: `${name} kept`}});
    await odoo.update(MODEL, data.id, {ref: "important"});
    await assert.rejects(provider.delete(MODEL, {id: data.id, previousData: data}), {status: 412});
});

test("a resource may have another name than its model", async () => {
    const contacts = dataProvider(odoo, {models: {contacts: MODEL}, fields: {contacts: ["name"]}});
    const {data} = await contacts.getOne("contacts", {id: azure.id});
    assert.deepEqual(data, {id: azure.id, name});
});

test("react-admin may abort what nobody waits for", async () => {
    assert.equal(provider.supportAbortSignal, true);
    await assert.rejects(list({}, {signal: AbortSignal.abort(new Error("left"))}), /left/);
});

test("an action is one more method", async () => {
    const [product] = (await provider.getList("product.product", {filter: {sale_ok: true}})).data;
    const order_line = [[0, 0, {product_id: product.id}]];
    const {data: order} = await provider.create("sale.order", {data: {partner_id: azure.id, order_line}});
    assert.equal((await plain.action("sale.order", {id: order.id, name: "action_confirm"})).data, true);
    assert.equal((await provider.getOne("sale.order", {id: order.id})).data.state, "sale");
});

test("the auth provider logs in, knows the person and what is open, and logs out", async () => {
    const client = createClient({url: process.env.ODOO_URL});
    const auth = authProvider(client);
    await assert.rejects(auth.checkAuth());
    await assert.rejects(auth.login({username: "demo", password: "wrong"}), {status: 401});
    await auth.login({username: "demo", password: "demo"});
    await auth.checkAuth();
    const me = await auth.getIdentity();
    assert.deepEqual([me.id, me.fullName, me.login], [client.authState.userId, "Marc Demo", "demo"]);
    assert.equal(await auth.canAccess({action: "delete", resource: "sale.order"}), false);
    assert.equal(await auth.canAccess({action: "edit", resource: "sale.order"}), true);
    assert.equal(await auth.canAccess({action: "list", resource: "ir.rule"}), false);
    assert.deepEqual((await auth.getPermissions())["res.country"], ["GET"]);
    await auth.logout();
    await assert.rejects(auth.checkAuth());
    client.close();
});

test("the auth provider asks for a second factor", async () => {
    const server = new FakeServer();
    server.routes["POST /api/login"] = () =>
        refused(401, "mfa_required", {mfa_token: "m1", mfa_type: "totp", expires_in: 300});
    server.routes["POST /api/login/mfa"] = ({body}) => {
        assert.deepEqual(body, {mfa_token: "m1", code: "123456"});
        return server.loggedIn();
    };
    const auth = authProvider(server.client());
    await assert.rejects(auth.login({username: "demo", password: "demo"}), {code: "mfa_required"});
    await auth.login({code: "123456"});
    await auth.checkAuth();
});

test("only a lost session logs out", async () => {
    const auth = authProvider(odoo);
    await assert.rejects(auth.checkError(new LoggedOutError()));
    for (const status of [0, 401, 403, 404, 412, 422, 500]) await auth.checkError({status});
    const server = new FakeServer();
    const client = await server.loggedInClient({retries: 0});
    server.routes["POST /api/revoke/token"] = () => json(502, {});
    await authProvider(client).logout();
    assert.equal(client.authState.status, "logged-out");
});
