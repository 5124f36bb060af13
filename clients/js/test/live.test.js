/** The client against a real server, whose address is in ODOO_URL. */

import assert from "node:assert/strict";
import {after, before, test} from "node:test";

import {ApiError, createClient, LoggedOutError, memoryStorage} from "../src/index.js";

const url = process.env.ODOO_URL;
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Forwards to `fetch`, and counts; a test may answer or fail in its place. */
class Network {
    constructor() {
        this.requests = [];
        this.before = null;
    }

    fetch = async (address, init) => {
        this.requests.push(new URL(address).pathname);
        await this.before?.(address, init);
        const response = await fetch(address, init);
        await this.after?.(address, response);
        return response;
    };
}

const network = new Network();
const odoo = createClient({url, fetch: network.fetch});
const name = `Client ${Date.now()}`;
let ada;

before(async () => {
    await odoo.logIn("demo", "demo");
    ada = (await odoo.create("res.partner", {name, email: "ada@example.com"}, {fields: ["name"]})).record;
});
after(() => odoo.close());

test("the user is the one who has logged in", async () => {
    const me = await odoo.me();
    assert.deepEqual([me.login, me.id], ["demo", odoo.authState.userId]);
    const sessions = await odoo.sessions();
    assert.equal(sessions.filter((session) => session.current).length, 1);
});

test("a wrong password is an error with a code, a status and a sentence", async () => {
    await assert.rejects(createClient({url}).logIn("demo", "wrong"), (error) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual([error.code, error.status], ["invalid_credentials", 401]);
        assert.match(error.message, /\w+ .*\.$/);
        return true;
    });
});

test("a list has records and totals", async () => {
    const page = await odoo.list("res.partner", {fields: ["name"], domain: [["id", "=", ada.id]]});
    assert.deepEqual(page.records, [{id: ada.id, name}]);
    assert.deepEqual([page.page, page.total, page.totalPages], [1, 1, 1]);
});

test("iterating reads every record once", async () => {
    const ids = [];
    for await (const record of odoo.iterate("res.partner", {fields: ["name"], order: "name", limit: 7})) {
        ids.push(record.id);
    }
    const {total} = await odoo.list("res.partner", {fields: [], limit: 1});
    assert.equal(ids.length, total);
    assert.equal(new Set(ids).size, total);
});

test("an empty value is null, a many2one an object, or its id", async () => {
    const {record: child} = await odoo.create("res.partner", {name: `${name} child`, parent_id: ada.id});
    const fields = ["parent_id", "ref"];
    const {record} = await odoo.get("res.partner", child.id, {fields});
    assert.deepEqual([record.parent_id.id, record.ref], [ada.id, null]);
    assert.match(record.parent_id.display_name, new RegExp(name));
    const {record: bare} = await odoo.get("res.partner", child.id, {fields, relations: "id", nulls: false});
    assert.deepEqual(bare, {id: child.id, parent_id: ada.id, ref: false});
    const {record: expanded} = await odoo.get("res.partner", ada.id, {fields: [], expand: {child_ids: ["name"]}});
    assert.deepEqual(expanded, {id: ada.id, child_ids: [{id: child.id, name: `${name} child`}]});
    const {record: short} = await odoo.get("res.partner", child.id, {fields: [], expand: ["parent_id"]});
    assert.deepEqual(short.parent_id, {id: ada.id, display_name: name});
    // what was answered can be sent back
    await odoo.update("res.partner", child.id, {...record, ref: "R-2"});
    await odoo.delete("res.partner", child.id);
});

test("records are found by a part of their name", async () => {
    const {records} = await odoo.list("res.partner", {fields: ["name"], search: name.toLowerCase()});
    assert.deepEqual(records, [{id: ada.id, name}]);
});

test("the open models and their fields are told", async () => {
    const model = (await odoo.models()).find((each) => each.model === "sale.order");
    assert.deepEqual(model.methods, ["GET", "POST", "PUT"]);
    assert.deepEqual(model.actions.map((action) => action.name), ["action_confirm"]);
    const {fields} = await odoo.schema("res.partner");
    assert.equal(fields.country_id.relation, "res.country");
    assert.deepEqual([fields.name.type, fields.name.writable], ["char", true]);
});

test("groups are a list too", async () => {
    const {records} = await odoo.list("res.partner", {groupby: ["is_company"], aggregates: ["id:count"]});
    assert.deepEqual(records.map((group) => group.is_company).sort(), [false, true]);
});

test("a change is guarded by the version that was read", async () => {
    const {record, etag} = await odoo.get("res.partner", ada.id, {fields: ["email"]});
    assert.equal(record.email, "ada@example.com");
    const changed = await odoo.update("res.partner", ada.id, {email: "countess@example.com"}, {etag, fields: ["email"]});
    assert.equal(changed.record.email, "countess@example.com");
    await assert.rejects(odoo.update("res.partner", ada.id, {email: "x@example.com"}, {etag}), {
        code: "precondition_failed",
        status: 412,
    });
    await odoo.update("res.partner", ada.id, {ref: "R-1"}, {etag: changed.etag});
});

test("a create whose response is lost makes one record", async () => {
    const lost = `Lost ${Date.now()}`;
    let times = 0;
    network.after = async (address) => {
        if (address.endsWith("/api/v1/res.partner") && times++ === 0) throw new TypeError("connection reset");
    };
    const {record} = await odoo.create("res.partner", {name: lost}, {fields: ["name"]});
    network.after = null;
    assert.equal(times, 2);
    const {records} = await odoo.list("res.partner", {fields: [], domain: [["name", "=", lost]]});
    assert.deepEqual(records, [{id: record.id}]);
});

test("several records are created, changed and deleted at once", async () => {
    const values = [{name: `${name} 1`}, {name: `${name} 2`}];
    const made = await odoo.createMany("res.partner", values, {fields: ["name"]});
    assert.deepEqual(made.map((record) => record.name), values.map((each) => each.name));
    const changes = made.map(({id}) => ({id, values: {ref: "B"}}));
    const changed = await odoo.updateMany("res.partner", changes, {fields: ["ref"]});
    assert.deepEqual(changed.map((record) => record.ref), ["B", "B"]);
    const ids = made.map((record) => record.id);
    assert.deepEqual((await odoo.deleteMany("res.partner", ids)).sort(), ids.sort());
    await assert.rejects(odoo.get("res.partner", ids[0]), {code: "not_found", status: 404});
});

test("an unknown field is a 400 that says so", async () => {
    await assert.rejects(odoo.create("res.partner", {nmae: "x"}), {code: "unknown_field", status: 400});
});

test("a file goes up and comes down as it was", async () => {
    const bytes = Buffer.from(PNG, "base64");
    const stored = await odoo.upload("res.partner", ada.id, "image_1920", new Blob([bytes], {type: "image/png"}));
    await odoo.update("res.partner", ada.id, {ref: "R-3"}, {etag: stored.etag});
    const {blob, filename, etag} = await odoo.download("res.partner", ada.id, "image_1920");
    assert.deepEqual(Buffer.from(await blob.arrayBuffer()), bytes);
    assert.equal(blob.type, "image/png");
    assert.match(filename, /\.png$/);
    assert.ok(etag);
});

test("a link shows a file without a token", async () => {
    const link = await odoo.link("res.partner", ada.id, "image_1920");
    assert.ok(link.expiresIn > 0);
    const response = await fetch(link.url);
    assert.deepEqual([response.status, response.headers.get("Content-Type")], [200, "image/png"]);
});

test("a file goes up together with values, guarded as they are", async () => {
    const file = new File([Buffer.from(PNG, "base64")], "photo.png", {type: "image/png"});
    const options = {files: {image_1920: file}, fields: ["name"]};
    const {record, etag} = await odoo.create("res.partner", {name: `${name} photo`}, options);
    assert.equal(record.name, `${name} photo`);
    assert.equal((await odoo.download("res.partner", record.id, "image_1920")).blob.size, file.size);
    await odoo.update("res.partner", record.id, {image_1920: null, ref: "none"}, {etag});
    await assert.rejects(odoo.update("res.partner", record.id, {}, {files: {image_1920: file}, etag}), {status: 412});
});

test("an action returns what its method returns", async () => {
    const {records} = await odoo.list("product.product", {domain: [["sale_ok", "=", true]], limit: 1});
    const order = await odoo.create("sale.order", {
        partner_id: ada.id,
        order_line: [[0, 0, {product_id: records[0].id}]],
    });
    assert.equal(await odoo.action("sale.order", order.record.id, "action_confirm"), true);
    const {record} = await odoo.get("sale.order", order.record.id, {fields: ["state"]});
    assert.equal(record.state, "sale");
    await assert.rejects(odoo.action("sale.order", order.record.id, "unlink"), {code: "not_found"});
});

test("calls at once share one refresh, and the token before it is still good", async () => {
    const app = createClient({url, fetch: network.fetch, storage: memoryStorage()});
    await app.logIn("demo", "demo");
    await app.restore();
    network.requests.length = 0;
    let refused = 0;
    network.before = (address, init) => {
        // what the server would answer after a quarter of an hour
        if (address.includes("/api/v1/") && refused++ < 5) init.headers.Authorization = "Bearer expired";
    };
    await Promise.all([1, 2, 3, 4, 5].map(() => app.list("res.partner", {limit: 1})));
    network.before = null;
    const refreshes = network.requests.filter((path) => path === "/api/update/access-token");
    assert.equal(refreshes.length, 1);
});

test("an app goes on after a restart, rotates, and logs out", async () => {
    const storage = memoryStorage();
    const first = createClient({url, storage});
    await first.logIn("demo", "demo");
    await first.rotateRefreshToken();
    const second = createClient({url, storage});
    assert.equal((await second.restore()).status, "logged-in");
    await second.rotateRefreshToken();
    await second.logOut();
    await assert.rejects(first.me(), LoggedOutError);
    assert.equal((await createClient({url, storage}).restore()).status, "logged-out");
});

test("the queue writes to the server in order", async () => {
    const id = await odoo.queue.create("res.partner", {name: `${name} queued`});
    await odoo.queue.create("res.partner", {name: `${name} child`, parent_id: id});
    await odoo.queue.replay();
    const {records} = await odoo.list("res.partner", {
        fields: ["name"],
        domain: [["parent_id", "=", await odoo.queue.idOf(id)]],
    });
    assert.deepEqual(records.map((record) => record.name), [`${name} child`]);
});
